package policy

import (
	"slices"
	"strings"
)

// didYouMean is the hint that names the known word nearest to the one given,
// or nothing where none is near.
func didYouMean(got string, known []string) string {
	if best := nearest(got, known); best != "" {
		return `did you mean "` + best + `"?`
	}
	return ""
}

// nearest is the known word that got was probably meant to be, or "".
func nearest(got string, known []string) string {
	got = strings.ToLower(got)
	best, least := "", 1+max(1, len(got)/3)
	for _, name := range slices.Sorted(slices.Values(known)) {
		if d := distance(got, strings.ToLower(name), least); d < least {
			best, least = name, d
		}
	}
	if best != "" || len(got) < len("user") {
		return best
	}
	for _, name := range known { // "filesystem" is part of the right word
		if strings.Contains(name, got) {
			return name
		}
	}
	return ""
}

// distance is the edit distance of a and b (a swap of neighbours counts as
// one), or most where it is not less: a long key must not cost its square.
func distance(a, b string, most int) int {
	if diff := len(a) - len(b); diff >= most || -diff >= most {
		return most
	}
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return min(last[len(b)], most)
}
