package ca

import (
	"testing"
	"time"
)

func TestCacheForgetsTheLeastRecentlyUsed(t *testing.T) {
	c := newCache(2)
	c.put(&leaf{host: "a"})
	c.put(&leaf{host: "b"})
	c.get("a")
	c.put(&leaf{host: "c"})
	for host, want := range map[string]bool{"a": true, "b": false, "c": true} {
		if got := c.get(host) != nil; got != want {
			t.Errorf("%s kept: %t, want %t", host, got, want)
		}
	}
	if len(c.byHost) != c.order.Len() {
		t.Errorf("index has %d, order has %d", len(c.byHost), c.order.Len())
	}
}

// A leaf is replaced before it expires, while sandboxes run for months.
func TestLeafIsRenewed(t *testing.T) {
	a, err := New("test")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	first, _ := a.leaf("example.com", now)
	same, _ := a.leaf("example.com", now.Add(leafLife/3))
	next, _ := a.leaf("example.com", now.Add(leafLife*2/3))
	if same != first || next == first {
		t.Errorf("same leaf after a third: %t, after two thirds: %t; want true, false", same == first, next == first)
	}
}

func TestBucketRefills(t *testing.T) {
	b := newBucket(2)
	now := time.Now()
	got := []bool{b.take(now), b.take(now), b.take(now), b.take(now.Add(600 * time.Millisecond))}
	for i, want := range []bool{true, true, false, true} {
		if got[i] != want {
			t.Errorf("take %d: %t, want %t", i, got[i], want)
		}
	}
}
