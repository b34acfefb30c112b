package cmd

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSplitWords(t *testing.T) {
	rows := []struct {
		line string
		want []string // nil: refused
	}{
		{"gh auth token", []string{"gh", "auth", "token"}},
		{"  op\tread  'op://a b/c' ", []string{"op", "read", "op://a b/c"}},
		{`a "b 'c'" d\ e ''`, []string{"a", "b 'c'", "d e", ""}},
		{`'a\b' "c\"d"`, []string{`a\b`, `c"d`}},
		{"$HOME | ; `x` *", []string{"$HOME", "|", ";", "`x`", "*"}},
		{`'open`, nil},
		{`open\`, nil},
	}
	for _, row := range rows {
		got, err := splitWords(row.line)
		if (err != nil) != (row.want == nil) || !cmp.Equal(got, row.want) {
			t.Errorf("%s: got %q, %v, want %q", row.line, got, err, row.want)
		}
		if again, err := splitWords(joinWords(got)); err != nil || !cmp.Equal(again, got) {
			t.Errorf("%s: written as %s, read as %q", row.line, joinWords(got), again)
		}
	}
}
