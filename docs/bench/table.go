package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// row is one line of the table.
type row struct {
	name, value, ratio, target string
}

func heading() { line(row{"figure", "median", "ratio", "target"}) }

func line(r row) {
	fmt.Printf("%-54s %11s %8s %10s\n", r.name, r.value, r.ratio, r.target)
}

func ratio(a, b float64) string { return fmt.Sprintf("%.1fx", a/b) }

// round keeps three digits, which is more than this machine repeats.
func round(d time.Duration) string {
	switch {
	case d >= 10*time.Millisecond:
		d = d.Round(100 * time.Microsecond)
	case d >= time.Millisecond:
		d = d.Round(10 * time.Microsecond)
	default:
		d = d.Round(10 * time.Nanosecond)
	}
	return strings.Replace(d.String(), "µ", "u", 1)
}

func median(all []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}
