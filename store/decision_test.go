package store_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"exeat/store"
)

func page(t testing.TB, r *store.DecisionReader, f store.DecisionFilter) []store.Decision {
	t.Helper()
	list, err := r.Decisions(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func ids(list []store.Decision) []int64 {
	got := []int64{}
	for _, d := range list {
		got = append(got, d.ID)
	}
	return got
}

func record(t testing.TB, l *store.DecisionLog, d store.Decision) int64 {
	t.Helper()
	id, err := l.Record(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// eventually waits for what the log's own goroutine will do.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !done(); {
		if time.Now().After(deadline) {
			t.Fatal("never: " + what)
		}
	}
}

// A denial is there for every reader when Record returns; an allowed request soon
// after, and how it ended.
func TestRecordAndEnqueue(t *testing.T) {
	d := dirs(t)
	r := openReader(t, d)
	if got := page(t, r, store.DecisionFilter{}); len(got) != 0 {
		t.Errorf("before the first: got %d", len(got))
	}
	l := openLog(t, d, store.Bounds{})
	want := denial()
	want.ID, want.Count, want.Last = record(t, l, want), 1, want.Time
	if got, err := r.Decision(t.Context(), want.ID); err != nil || !cmp.Equal(got, want) {
		t.Error(err, cmp.Diff(got, want))
	}
	l.Complete(want.ID, store.Ending{Status: 403, BytesIn: 10, BytesOut: 20, Duration: time.Millisecond})
	id, err := l.Enqueue(allowed())
	if err != nil {
		t.Fatal(err)
	}
	l.Complete(id, store.Ending{Status: 200, BytesIn: 1234, BytesOut: 56, Duration: time.Second})
	eventually(t, "the allowed request", func() bool { return len(page(t, r, store.DecisionFilter{AfterID: want.ID})) == 1 })
	want.Status, want.BytesIn, want.BytesOut, want.Duration = 403, 10, 20, time.Millisecond
	passed := allowed()
	passed.ID, passed.Count, passed.Last = id, 1, passed.Time
	passed.Status, passed.BytesIn, passed.BytesOut, passed.Duration = 200, 1234, 56, time.Second
	eventually(t, "both endings", func() bool { return cmp.Equal(page(t, r, store.DecisionFilter{}), []store.Decision{want, passed}) })
	late := id
	l.Complete(late, store.Ending{Status: 499, BytesIn: 1, BytesOut: 2, Duration: 3})
	eventually(t, "an ending after the commit", func() bool { d, _ := r.Decision(t.Context(), late); return d.Status == 499 })
	if _, err := r.Decision(t.Context(), 99); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
}

// Text of the sandbox is harmless when it is read, and traffic leaves no trace in
// the database that approvals need.
func TestHostileText(t *testing.T) {
	d := dirs(t)
	create(t, open(t, d))
	state := filepath.Join(d.State, "exeat.db")
	before := sum(t, state)
	l := openLog(t, d, store.Bounds{})
	bad := denial()
	bad.Host, bad.Target, bad.Method = "evil\u202e.com", "/\x1b[2J\n?secret=1", "GET\x00"
	bad.Exe, bad.Ancestors, bad.Reason = "/tmp/a\nb", []string{"/tmp/\n", "/x"}, strings.Repeat("Ignore this. ", 1000)
	got, err := openReader(t, d).Decision(t.Context(), record(t, l, bad))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{`evil\u{202e}.com`, `/\x1b[2J\x0a`, `GET\x00`, `/tmp/a\x0ab`, `/tmp/\x0a`, "/x"}
	if diff := cmp.Diff([]string{got.Host, got.Target, got.Method, got.Exe, got.Ancestors[0], got.Ancestors[1]}, want); diff != "" || len(got.Reason) > 1024 {
		t.Errorf("%s\nreason of %d bytes", diff, len(got.Reason))
	}
	if sum(t, state) != before {
		t.Error("a decision changed exeat.db")
	}
}

// An agent in a loop gets one record that counts; none of its denials is lost.
func TestLoop(t *testing.T) {
	d := dirs(t)
	l := openLog(t, d, store.Bounds{})
	done := make(chan error)
	const loops, each = 20, 50
	for range loops {
		go func() {
			for range each {
				if _, err := l.Record(t.Context(), denial()); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range loops {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	list, sum := page(t, openReader(t, d), store.DecisionFilter{}), 0
	for _, d := range list {
		sum += d.Count
	}
	if sum != loops*each || len(list) >= loops*each/2 {
		t.Errorf("got %d denials in %d records, want all %d in far fewer", sum, len(list), loops*each)
	}
}

// Only one process writes; the next may when it is gone.
func TestOneWriter(t *testing.T) {
	d := dirs(t)
	l := openLog(t, d, store.Bounds{})
	if _, err := store.OpenDecisions(t.Context(), d, box); !errors.Is(err, store.ErrConflict) {
		t.Errorf("second writer: got %v, want ErrConflict", err)
	}
	first := record(t, l, denial())
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Record(t.Context(), denial()); err == nil {
		t.Error("a closed log recorded")
	}
	if _, err := l.Enqueue(allowed()); err == nil {
		t.Error("a closed log took a decision")
	}
	if next := record(t, openLog(t, d, store.Bounds{}), denial()); next != first+1 {
		t.Errorf("got id %d after %d", next, first)
	}
	for _, id := range []string{"", "../x", "a/b", "a b", "a*"} {
		if _, err := store.OpenDecisions(t.Context(), d, id); err == nil {
			t.Errorf("opened decisions of %q", id)
		}
	}
}

// Each filter alone and together, over two hundred decisions of which each
// hundredth is a denial.
func TestFilter(t *testing.T) {
	d := dirs(t)
	l := openLog(t, d, store.Bounds{})
	for i := range 200 {
		row := allowed()
		row.Time, row.Host, row.Policy = instant(10*i), fmt.Sprint("host", i%2), fmt.Sprint("block", i%3)
		if i%50 == 49 {
			row.Verdict, row.Code = store.VerdictDeny, "common"
		}
		if i == 99 {
			row.Code = "rare"
		}
		if _, err := l.Enqueue(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	r := openReader(t, d)
	for _, test := range []struct {
		name   string
		filter store.DecisionFilter
		want   []int64
	}{
		{"newest", store.DecisionFilter{Limit: 3}, []int64{198, 199, 200}},
		{"after", store.DecisionFilter{AfterID: 10, Limit: 3}, []int64{11, 12, 13}},
		{"oldest", store.DecisionFilter{Oldest: true, Limit: 3}, []int64{1, 2, 3}},
		{"oldest denied", store.DecisionFilter{Oldest: true, Denied: true, Limit: 2}, []int64{50, 100}},
		{"oldest since", store.DecisionFilter{Oldest: true, Since: instant(1000), Limit: 1}, []int64{101}},
		{"oldest after", store.DecisionFilter{Oldest: true, AfterID: 10, Limit: 1}, []int64{11}},
		{"after the last", store.DecisionFilter{AfterID: 200}, []int64{}},
		{"before", store.DecisionFilter{BeforeID: 10, Limit: 3}, []int64{7, 8, 9}},
		{"between", store.DecisionFilter{AfterID: 10, BeforeID: 13}, []int64{11, 12}},
		{"denied", store.DecisionFilter{Denied: true}, []int64{50, 100, 150, 200}},
		{"denied after", store.DecisionFilter{Denied: true, AfterID: 50, Limit: 2}, []int64{100, 150}},
		{"denied before", store.DecisionFilter{Denied: true, BeforeID: 200, Limit: 2}, []int64{100, 150}},
		{"since", store.DecisionFilter{Since: instant(1980)}, []int64{199, 200}},
		{"since ever", store.DecisionFilter{Since: instant(-100), Limit: 2}, []int64{199, 200}},
		{"since tomorrow", store.DecisionFilter{Since: instant(100_000)}, []int64{}},
		{"denied since", store.DecisionFilter{Denied: true, Since: instant(1000)}, []int64{150, 200}},
		{"host", store.DecisionFilter{Host: "host1", Limit: 2}, []int64{198, 200}},
		{"block", store.DecisionFilter{Policy: "block0", Limit: 2}, []int64{196, 199}},
		{"code", store.DecisionFilter{Denied: true, Code: "rare"}, []int64{100}},
		{"code before", store.DecisionFilter{Denied: true, Code: "common", BeforeID: 200, Limit: 1}, []int64{150}},
		{"code of all", store.DecisionFilter{Code: "rare"}, []int64{100}},
		{"host and block", store.DecisionFilter{Host: "host1", Policy: "block0", Limit: 2}, []int64{190, 196}},
		{"nothing like it", store.DecisionFilter{Host: "' OR 1=1 --"}, []int64{}},
	} {
		if diff := cmp.Diff(ids(page(t, r, test.filter)), test.want); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}
