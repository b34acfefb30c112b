package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Severity tells what stops a policy from loading from what a reader should know.
type Severity string

// The severities. A policy with an error does not load.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
)

// Problem is one thing said about a policy: where, what, and what to do about it.
type Problem struct {
	File string `json:"file"`
	Position
	Path     string   `json:"path"`           // of the field: network_policies.x.endpoints[0].host
	Code     string   `json:"code,omitempty"` // of a finding: one of the Finding constants, or "enforcement-absent"
	Message  string   `json:"message"`
	Hint     string   `json:"hint,omitempty"` // may span lines where it is YAML to paste
	Severity Severity `json:"severity"`
}

// String is "file:line:col: path: message", and the hint after it in brackets
// where it fits on the line.
func (p Problem) String() string {
	var b strings.Builder
	if p.File != "" {
		fmt.Fprintf(&b, "%s:", p.File)
	}
	if p.Line > 0 {
		fmt.Fprintf(&b, "%d:%d:", p.Line, p.Column)
	}
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	if p.Path != "" {
		fmt.Fprintf(&b, "%s: ", p.Path)
	}
	b.WriteString(p.Message)
	if p.Hint != "" && !strings.Contains(p.Hint, "\n") {
		fmt.Fprintf(&b, " (%s)", p.Hint)
	}
	return b.String()
}

// Problems is what one look at a policy found; as an error it stands for a
// policy that does not load.
type Problems []Problem

// Error lists the errors, one to a line.
func (ps Problems) Error() string {
	var lines []string
	for _, p := range ps {
		if p.Severity == SeverityError {
			lines = append(lines, p.String())
		}
	}
	return strings.Join(lines, "\n")
}

// HasErrors says whether any problem stops the policy from loading.
func (ps Problems) HasErrors() bool {
	for _, p := range ps {
		if p.Severity == SeverityError {
			return true
		}
	}
	return false
}

// Warnings are the problems that do not stop the policy from loading.
func (ps Problems) Warnings() Problems {
	var warnings Problems
	for _, p := range ps {
		if p.Severity == SeverityWarning {
			warnings = append(warnings, p)
		}
	}
	return warnings
}

// Sorted is in the order of the file.
func (ps Problems) Sorted() Problems {
	return slices.SortedStableFunc(slices.Values(ps), func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// In names the file of the problems that name none.
func (ps Problems) In(file string) Problems {
	named := slices.Clone(ps)
	for i := range named {
		if named[i].File == "" {
			named[i].File = file
		}
	}
	return named
}
