package main

import (
	"fmt"
	"os"
	"testing"
	"time"
)

// TestMain lets this program be the processes that the bench starts.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		if role, ok := roles()[os.Args[1]]; ok {
			if err := role(os.Args[2:]); err != nil {
				fmt.Fprintln(os.Stderr, "error:", err)
				os.Exit(1)
			}
			return
		}
	}
	os.Exit(m.Run())
}

// Each load gets through each of our own subjects. HTTP/2 may be missing, but has to say so.
func TestOwnSubjects(t *testing.T) {
	b := &bench{window: 10 * time.Millisecond}
	t.Cleanup(b.end)
	if err := b.begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, s := range subjects() {
		if s.missing != "" {
			continue
		}
		if err := b.start(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		for kind := range loads() {
			got, err := b.measure(t.Context(), s, load{Kind: kind, Connections: 2})
			if err != nil || got.Count == 0 && got.Skipped == "" {
				t.Errorf("%s through %s: %+v, %v", kind, s.name, got, err)
			}
		}
		s.stop()
	}
}

func TestRatioIsOfRounds(t *testing.T) {
	all := newTable()
	for round, v := range []float64{10, 30, 20} {
		all.add("v", "a", round, v)
		if round > 0 {
			all.add("v", "b", round, 10)
		}
	}
	for _, tt := range []struct{ of, to, want string }{
		{"a", "b", "3.00"},
		{"a", "a", "1.00"},
		{"a", "missing", ""},
	} {
		if got := all.ratio("v", tt.of, tt.to); got != tt.want {
			t.Errorf("%s to %s: %q, want %q", tt.of, tt.to, got, tt.want)
		}
	}
}
