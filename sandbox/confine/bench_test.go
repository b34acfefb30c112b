package confine_test

import (
	"slices"
	"testing"
	"time"

	"exeat/sandbox/confine"
)

// median runs f b.N times and reports the median and the ninth decile: on a
// machine that others use too, the mean says little.
func median(b *testing.B, f func() time.Duration) {
	var all []time.Duration
	for b.Loop() {
		all = append(all, f())
	}
	slices.Sort(all)
	b.ReportMetric(float64(all[len(all)/2].Microseconds()), "µs/median")
	b.ReportMetric(float64(all[len(all)*9/10].Microseconds()), "µs/p90")
}

// BenchmarkStart is from Start to the first instruction of a program.
func BenchmarkStart(b *testing.B) {
	s := basic(b)
	median(b, func() time.Duration {
		if s.Mounts[len(s.Mounts)-1].Tree != nil { // used up by each start
			s = basic(b)
		}
		from := time.Now()
		box, err := confine.Start(b.Context(), s)
		if err != nil {
			b.Fatal(err)
		}
		defer box.Close()
		serve(b, box)
		box.Go()
		p, err := box.Exec(confine.ExecSpec{Argv: []string{"true"}, Env: environment()})
		if err != nil {
			b.Fatal(err)
		}
		took := time.Since(from)
		p.Wait()
		p.Close()
		return took
	})
}

// BenchmarkExec is one more program in a running sandbox, to its first instruction.
func BenchmarkExec(b *testing.B) {
	box := start(b, basic(b))
	median(b, func() time.Duration {
		from := time.Now()
		p, err := box.Exec(confine.ExecSpec{Argv: []string{"true"}, Env: environment()})
		if err != nil {
			b.Fatal(err)
		}
		took := time.Since(from)
		p.Wait()
		p.Close()
		return took
	})
}
