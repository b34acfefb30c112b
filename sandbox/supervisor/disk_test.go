package supervisor

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A home over its limit is noticed, and one that was resumed may grow a little.
func TestDiskGuard(t *testing.T) {
	home := t.TempDir()
	g := diskGuard{home: home, limit: 4 << 20, files: homeFilesMax}
	if err := g.begin(); err != nil {
		t.Fatal(err)
	}
	write := func(name string, size int) {
		t.Helper()
		if err := os.WriteFile(home+"/"+name, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	look := func() string {
		t.Helper()
		g.space.bytes += 1 << 40 // as if all that others freed meanwhile had been there
		reason, err := g.look(time.Now().Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		return reason
	}
	write("a", 1<<20)
	if why := look(); why != "" {
		t.Errorf("under the limit: %s", why)
	}
	write("b", 8<<20)
	if why := look(); !strings.Contains(why, "the files in its home take 9 MiB, the limit is 4 MiB; delete some of them in "+home) {
		t.Errorf("over the limit: %q", why)
	}
	g.allow()
	write("c", 1<<20)
	if why := look(); why != "" {
		t.Errorf("resumed: %s", why)
	}
	write("d", grace)
	if why := look(); why == "" {
		t.Error("grown on after it was resumed")
	}
}

// A walk waits until enough is gone, and until the last one has paid off.
func TestDiskGuardIsLazy(t *testing.T) {
	now := time.Now()
	g := diskGuard{limit: 1 << 30, last: now, took: 100 * time.Millisecond}
	for _, c := range []struct {
		lost  space
		short bool
		after time.Duration
		want  bool
	}{
		{space{}, false, time.Hour, false},
		{space{bytes: walkStep + 1}, false, time.Hour, true},
		{space{files: walkStepFiles + 1}, false, time.Hour, true},
		{space{bytes: walkStep + 1}, false, 9 * time.Second, false},
		{space{bytes: 1}, true, 2 * time.Second, true},
		{space{bytes: 1}, false, 2 * time.Hour, false},
		{space{}, true, time.Hour, false},
	} {
		if got := g.due(c.lost, c.short, now.Add(c.after)); got != c.want {
			t.Errorf("%+v: got %v", c, got)
		}
	}
}

// On a disk that is nearly full only what has grown is paused.
func TestShortDisk(t *testing.T) {
	home := t.TempDir()
	g := diskGuard{home: home, limit: 1 << 40, files: 10}
	if err := g.begin(); err != nil {
		t.Fatal(err)
	}
	if why := g.reason(true); why != "" {
		t.Errorf("not grown: %s", why)
	}
	g.usage.Bytes += walkStep + 1
	if why := g.reason(true); !strings.Contains(why, "nearly full") {
		t.Errorf("grown: %q", why)
	}
	if why := g.reason(false); why != "" {
		t.Errorf("not short: %s", why)
	}
	for i := range 20 {
		if err := os.Mkdir(home+"/"+strconv.Itoa(i), 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := g.begin(); err != nil {
		t.Fatal(err)
	}
	if why := g.reason(false); !strings.Contains(why, "more than 10 files") {
		t.Errorf("many files: %q", why)
	}
}

func TestMemoryInUse(t *testing.T) {
	n, err := memoryInUse()
	if err != nil || n < 1<<20 {
		t.Errorf("got %d, %v", n, err)
	}
}
