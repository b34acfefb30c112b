package store_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"exeat/store"
)

// BenchmarkOpen is on the path of every command: an existing database, opened and closed.
func BenchmarkOpen(b *testing.B) {
	d := dirs(b)
	open(b, d).Close()
	for b.Loop() {
		st, err := store.Open(b.Context(), d)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := st.Sandboxes(b.Context()); err != nil {
			b.Fatal(err)
		}
		st.Close()
	}
}

// BenchmarkOpenBeside is Open while a supervisor has the database open.
func BenchmarkOpenBeside(b *testing.B) {
	d := dirs(b)
	defer open(b, d).Close()
	for b.Loop() {
		st, err := store.Open(b.Context(), d)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := st.Sandboxes(b.Context()); err != nil {
			b.Fatal(err)
		}
		st.Close()
	}
}

func BenchmarkRecord(b *testing.B) {
	l := openLog(b, dirs(b), store.Bounds{})
	d, n := denial(), 0
	for b.Loop() {
		n++
		d.Target = fmt.Sprint("/path/", n)
		if _, err := l.Record(b.Context(), d); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRecordParallel is sixteen connections denied at once: they share syncs.
func BenchmarkRecordParallel(b *testing.B) {
	l := openLog(b, dirs(b), store.Bounds{})
	var n atomic.Int64
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		d := denial()
		for pb.Next() {
			d.Target = fmt.Sprint("/path/", n.Add(1))
			if _, err := l.Record(b.Context(), d); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkEnqueue is what an allowed request waits for: bursts that fit into the
// queue, without the time to write them.
func BenchmarkEnqueue(b *testing.B) {
	l := openLog(b, dirs(b), store.Bounds{})
	d, n := allowed(), 0
	d.Time = time.Now()
	b.ReportAllocs()
	for b.Loop() {
		if n++; n%1000 == 0 {
			b.StopTimer()
			record(b, l, d) // returns when all before it are written
			b.StartTimer()
		}
		id, err := l.Enqueue(d)
		if err != nil {
			b.Fatal(err)
		}
		l.Complete(id, store.Ending{Status: 200, BytesIn: 1, BytesOut: 2, Duration: 3})
	}
}

// BenchmarkEnqueueSustained is the most a sandbox can have written, a row.
func BenchmarkEnqueueSustained(b *testing.B) {
	l := openLog(b, dirs(b), store.Bounds{Patience: time.Minute})
	d := allowed()
	d.Time = time.Now()
	for b.Loop() {
		if _, err := l.Enqueue(d); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPage reads 100 decisions out of 100,000.
func BenchmarkPage(b *testing.B) {
	d := dirs(b)
	fill(b, d, 100_000)
	r, err := store.OpenDecisionReader(b.Context(), d, box)
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	for name, f := range map[string]store.DecisionFilter{
		"newest": {}, "denied": {Denied: true}, "after": {AfterID: 50_000}, "before": {BeforeID: 50_000, Denied: true},
		"since": {Since: time.Now().Add(-time.Minute)},
	} {
		f.Limit = 100
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				page, err := r.Decisions(b.Context(), f)
				if err != nil || len(page) != 100 {
					b.Fatal(len(page), err)
				}
			}
		})
	}
}
