package policy

import (
	"path"
	"slices"
	"strings"
)

// Values of Operation.Mode: the lists of filesystem_policy.
const (
	ModeReadOnly  = "read_only"
	ModeReadWrite = "read_write"
)

// changesPath says whether an operation is about filesystem_policy, which has no blocks.
func (op *Operation) changesPath() bool { return op.Op == OpAddPath || op.Op == OpRemovePath }

// changePath shows a path or hides it again. A path that is in the other list
// moves: it is never in both.
func (fs *Filesystem) changePath(op Operation) *OperationError {
	if op.Op == OpAddPath && op.Mode != ModeReadOnly && op.Mode != ModeReadWrite {
		return refuse(didYouMean(op.Mode, []string{ModeReadOnly, ModeReadWrite}), "mode is %s, want %s or %s", join("", op.Mode), ModeReadOnly, ModeReadWrite)
	}
	name := path.Clean(op.Path)
	list, other := &fs.ReadOnly, &fs.ReadWrite
	if op.Mode == ModeReadWrite {
		list, other = other, list
	}
	had := slices.Contains(*list, name) || op.Op == OpRemovePath && slices.Contains(*other, name)
	switch {
	case op.Op == OpRemovePath && !had:
		return refuse("listed: "+strings.Join(slices.Concat(fs.ReadOnly, fs.ReadWrite), ", "), "filesystem_policy does not list %s", name)
	case op.Op == OpAddPath && had:
		return refuse("", "filesystem_policy.%s lists %s already", op.Mode, name)
	}
	*list, *other = without(*list, name), without(*other, name)
	if op.Op == OpAddPath {
		*list = append(*list, name)
		slices.Sort(*list)
	}
	return nil
}

func without(list []string, name string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == name })
}

// NewPaths are the paths that candidate shows and base does not, or shows
// writable where base shows them read-only.
func NewPaths(base, candidate *Policy) (readOnly, readWrite []string) {
	a, b := base.Filesystem, candidate.Filesystem
	for _, name := range b.ReadOnly {
		if !slices.Contains(a.ReadOnly, name) && !slices.Contains(a.ReadWrite, name) {
			readOnly = append(readOnly, name)
		}
	}
	for _, name := range b.ReadWrite {
		if !slices.Contains(a.ReadWrite, name) {
			readWrite = append(readWrite, name)
		}
	}
	return readOnly, readWrite
}
