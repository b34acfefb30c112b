package cmd

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// writeJSON prints v indented, for --json.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// list is items as JSON shows a list: an empty one is [], never null.
func list[T any](items []T) []T { return append([]T{}, items...) }

// each is what row makes of every item, as a list for JSON.
func each[T, R any](items []T, row func(T) R) []R {
	rows := []R{}
	for _, item := range items {
		rows = append(rows, row(item))
	}
	return rows
}

// table prints rows in aligned columns under a heading.
func table(w io.Writer, heading []string, rows [][]string) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, strings.Join(heading, "\t"))
	for _, row := range rows {
		fmt.Fprintln(tw, strings.Join(row, "\t"))
	}
	return tw.Flush()
}

// pairs prints name and value lines, aligned as the tutorial prints a denial.
func pairs(w io.Writer, rows [][2]string) error {
	tw := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)
	for _, row := range rows {
		fmt.Fprintf(tw, "%s:\t%s\n", row[0], row[1])
	}
	return tw.Flush()
}
