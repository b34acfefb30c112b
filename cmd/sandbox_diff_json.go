package cmd

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf16"

	"exeat/sandbox"
	"exeat/sandbox/changes"
)

// changeRow is a changed file as JSON. A path that is not UTF-8 has U+FFFD in it.
type changeRow struct {
	Path    string `json:"path"`
	Status  string `json:"status"` // A, M, D or T, as git has them
	OldMode string `json:"old_mode,omitempty"`
	NewMode string `json:"new_mode,omitempty"`
	Added   int    `json:"added"`
	Deleted int    `json:"deleted"`
	Binary  bool   `json:"binary"`
	Handoff string `json:"handoff,omitempty"` // who runs or trusts it
	LeftOut string `json:"left_out,omitempty"`
}

func newChangeRow(e changes.Entry) changeRow {
	return changeRow{
		Path: e.Path, Status: e.Status, OldMode: octal(e.OldMode), NewMode: octal(e.NewMode),
		Added: e.Added, Deleted: e.Deleted, Binary: e.Binary, Handoff: e.Handoff,
	}
}

func octal(mode uint32) string {
	if mode == 0 {
		return ""
	}
	return fmt.Sprintf("%06o", mode)
}

func printEntriesJSON(out io.Writer, info sandbox.Info, entries []changes.Entry) error {
	return writeHostileJSON(out, struct {
		Sandbox string      `json:"sandbox"`
		Base    string      `json:"base"`
		Files   []changeRow `json:"files"`
	}{info.Name, info.Spec.Repo.Base, each(entries, newChangeRow)})
}

// writeHostileJSON is writeJSON in ASCII: a terminal that shows it does nothing else.
func writeHostileJSON(w io.Writer, v any) error {
	var text bytes.Buffer
	if err := writeJSON(&text, v); err != nil {
		return err
	}
	var ascii bytes.Buffer
	for _, r := range text.String() {
		if r < 0x7f {
			ascii.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&ascii, `\u%04x`, unit)
		}
	}
	_, err := ascii.WriteTo(w)
	return err
}
