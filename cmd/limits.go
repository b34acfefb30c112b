package cmd

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/pflag"

	"exeat/sandbox/control"
	"exeat/sandbox/limits"
	"exeat/store"
)

// limitFlags are those that bound a new sandbox.
func limitFlags(f *pflag.FlagSet, l *store.Limits) {
	f.Var(numberFlag{&l.Processes}, "max-processes", "at most `N` processes and threads")
	f.Var(numberFlag{&l.Files}, "max-files", "at most `N` open files in each process")
	f.Var(sizeFlag{&l.Memory}, "max-memory", "at most this `size` of memory (512m, 8g), of each process and of all together")
	f.Var(sizeFlag{&l.Tmp}, "max-tmp", "at most this `size` in /tmp, which counts as memory")
	f.Var(sizeFlag{&l.Disk}, "max-disk", "at most this `size` in /sandbox")
}

// numberFlag reads a number, which is above zero.
type numberFlag struct{ n *int }

// Set implements pflag.Value.
func (f numberFlag) Set(text string) error {
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil || n == 0 {
		return errors.New("want a whole number above 0, such as 4096")
	}
	*f.n = int(n)
	return nil
}

// String implements pflag.Value.
func (f numberFlag) String() string {
	if f.n == nil || *f.n == 0 {
		return ""
	}
	return strconv.Itoa(*f.n)
}

// Type implements pflag.Value.
func (f numberFlag) Type() string { return "N" }

// sizeFlag reads a size into a number of bytes.
type sizeFlag struct{ bytes *int64 }

// Set implements pflag.Value.
func (s sizeFlag) Set(text string) (err error) {
	*s.bytes, err = limits.ParseSize(text)
	return err
}

// String implements pflag.Value; nothing where there is no default to show.
func (s sizeFlag) String() string {
	if s.bytes == nil || *s.bytes == 0 {
		return ""
	}
	return limits.Size(*s.bytes)
}

// Type implements pflag.Value.
func (s sizeFlag) Type() string { return "size" }

// newLimits completes what was asked for, so that the sandbox keeps its limits
// whatever becomes of the machine, and they are signed. Who names a size for the
// memory means it for each process too; by default programs that only reserve
// more than there is, such as those built with a sanitizer, are left alone.
func newLimits(asked store.Limits) (store.Limits, error) {
	if err := limits.Check(asked); err != nil {
		return asked, &usageError{err: err}
	}
	asked.ProcessMemory = asked.Memory
	return limits.Fill(asked)
}

// limitRows are a running sandbox's limits as a table.
func limitRows(all []control.Limit) [][]string {
	var rows [][]string
	for _, l := range all {
		rows = append(rows, []string{l.Name, quantity(l.Max, l.Unit, "none"), quantity(l.Used, l.Unit, "-"), l.Mechanism})
	}
	return rows
}

func quantity(n *int64, unit, absent string) string {
	switch {
	case n == nil:
		return absent
	case unit == "bytes":
		return limits.Size(*n)
	}
	return strconv.FormatInt(*n, 10)
}

// limitsLine is what a sandbox was given, also while it is stopped.
func limitsLine(l store.Limits) string {
	if l == (store.Limits{}) {
		return "the defaults of this machine"
	}
	return fmt.Sprintf("%d processes, %s memory, %d open files, %s in /tmp, %s in /sandbox",
		l.Processes, limits.Size(l.Memory), l.Files, limits.Size(l.Tmp), limits.Size(l.Disk))
}
