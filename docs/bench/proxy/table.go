package main

import (
	"cmp"
	"fmt"
	"slices"
)

// series are the values of one row, one for each round; a round without one is missing in it.
type series map[int]float64

// table collects what the rounds gave, by name of the value and of the subject.
type table struct {
	seen  map[string]map[string]series
	notes map[string]int // what went wrong, and how often
}

func newTable() *table { return &table{seen: map[string]map[string]series{}, notes: map[string]int{}} }

func (t *table) add(value, subject string, round int, v float64) {
	if t.seen[value] == nil {
		t.seen[value] = map[string]series{}
	}
	if t.seen[value][subject] == nil {
		t.seen[value][subject] = series{}
	}
	t.seen[value][subject][round] = v
}

func (t *table) note(format string, args ...any) { t.notes[fmt.Sprintf(format, args...)]++ }

// heading prints what the columns are.
func heading() { line("figure", "median", "ratio", "target") }

func line(name, value, ratio, target string) {
	fmt.Printf("%-68s %10s %7s  %s\n", name, value, ratio, target)
}

// print prints the rows of one value, in the order of the subjects.
func (t *table) print(v value, order []*subject) {
	for _, s := range order {
		row, ok := t.seen[v.name][s.name]
		if !ok {
			continue
		}
		ratio, target := t.ratio(v.name, full, s.name), targetOf(v.pairs, s.name)
		switch {
		case s.name == full:
			ratio = ""
		case ratio == "":
			target = "" // there is nothing to hold to it
		}
		line(v.name+": "+s.name, v.format(row.median()), ratio, target)
	}
	for _, p := range v.pairs {
		if ratio := t.ratio(v.name, p.of, p.to); p.of != full && ratio != "" {
			line(fmt.Sprintf("%s: %s / %s", v.name, p.of, p.to), "", ratio, p.target)
		}
	}
}

// targetOf is the target in a subject's row: of exeat's ratio to it, or of exeat by itself.
func targetOf(pairs []pair, name string) string {
	for _, p := range pairs {
		if p.of == full && (p.to == name || p.to == "" && name == full) {
			return p.target
		}
	}
	return ""
}

// ratio is the median of the rounds' own ratios: what else the machine does falls on both.
func (t *table) ratio(value, of, to string) string {
	each := series{}
	for round, v := range t.seen[value][of] {
		if w, ok := t.seen[value][to][round]; ok && w != 0 {
			each[round] = v / w
		}
	}
	if len(each) == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", each.median())
}

func (s series) median() float64 {
	var all []float64
	for _, v := range s {
		all = append(all, v)
	}
	return median(all)
}

// median is the upper one of the two in the middle; 0 for none.
func median[T cmp.Ordered](all []T) T {
	var zero T
	if len(all) == 0 {
		return zero
	}
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}
