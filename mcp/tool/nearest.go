package tool

import (
	"slices"
	"strings"
)

// nearest is the known word that got was probably meant to be, or "".
func nearest(got string, known []string) string {
	best, least := "", 1+max(1, min(len(got)/2, 2), min(len(got), 30)/3) // two slips in a short word: "hots"
	for _, word := range slices.Sorted(slices.Values(known)) {
		if d := distance(got, word, least); d < least {
			best, least = word, d
		}
	}
	if best != "" || len(got) < 2 {
		return best
	}
	for _, word := range slices.Sorted(slices.Values(known)) {
		if strings.Contains(word, got) { // "denial" is part of the right word
			return word
		}
	}
	return ""
}

// distance is the edit distance of a and b, or most where it is not less: a
// long word must not cost its square.
func distance(a, b string, most int) int {
	if d := len(a) - len(b); d >= most || -d >= most {
		return most
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j]+1, row[j+1]+1, diagonal+cost)
		}
	}
	return min(row[len(b)], most)
}
