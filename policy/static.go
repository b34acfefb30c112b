package policy

import (
	"fmt"
	"slices"
)

// StaticDigest is the lower hex SHA-256 of the canonical text of the static sections alone.
func (p *Policy) StaticDigest() string {
	var e emitter
	e.static(p)
	return digest(e.buf.Bytes())
}

// WithStatic is p's network policies under the static sections of another
// policy: what a running sandbox can take over of p.
func (p *Policy) WithStatic(of *Policy) *Policy {
	merged := p.clone()
	merged.Filesystem, merged.Landlock, merged.Process = of.Filesystem, of.Landlock, of.Process
	return merged.clone()
}

// WithPaths is p showing the paths that another policy shows.
func (p *Policy) WithPaths(of *Policy) *Policy {
	merged := p.clone()
	merged.Filesystem.ReadOnly, merged.Filesystem.ReadWrite = of.Filesystem.ReadOnly, of.Filesystem.ReadWrite
	return merged.clone()
}

// StaticDifferences says, one sentence each, how the static sections of other
// differ from those of base.
func StaticDifferences(base, other *Policy) []string {
	var out []string
	if a, b := base.Filesystem.IncludeWorkdir, other.Filesystem.IncludeWorkdir; a != b {
		out = append(out, fmt.Sprintf("filesystem_policy.include_workdir: is %t, was %t", b, a))
	}
	out = append(out, listDifferences("filesystem_policy.read_only", base.Filesystem.ReadOnly, other.Filesystem.ReadOnly)...)
	out = append(out, listDifferences("filesystem_policy.read_write", base.Filesystem.ReadWrite, other.Filesystem.ReadWrite)...)
	out = append(out, listDifferences("filesystem_policy.handoff", base.Filesystem.Handoff, other.Filesystem.Handoff)...)
	for _, field := range []struct{ name, a, b string }{
		{"landlock.compatibility", base.Landlock.Compatibility, other.Landlock.Compatibility},
		{"process.run_as_user", base.Process.RunAsUser, other.Process.RunAsUser},
		{"process.run_as_group", base.Process.RunAsGroup, other.Process.RunAsGroup},
	} {
		if field.a != field.b {
			out = append(out, fmt.Sprintf("%s: is %s, was %s", field.name, field.b, field.a))
		}
	}
	return out
}

func listDifferences(name string, base, other []string) []string {
	var out []string
	for _, path := range other {
		if !slices.Contains(base, path) {
			out = append(out, name+": adds "+path)
		}
	}
	for _, path := range base {
		if !slices.Contains(other, path) {
			out = append(out, name+": removes "+path)
		}
	}
	return out
}
