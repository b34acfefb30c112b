package cmd

import (
	"cmp"
	"context"
	"strings"

	"exeat/policy"
	"exeat/store"
)

// sandboxView is what a sandbox was asked to see of this machine.
type sandboxView struct {
	ReadOnly  []string `json:"read_only"`
	ReadWrite []string `json:"read_write"`
	Program   string   `json:"program,omitempty"` // the agent's own, on the host
	Tools     []string `json:"toolchains"`
}

// newSandboxView reads the static sections, which every revision has the same.
func newSandboxView(ctx context.Context, st *store.Store, box store.Sandbox) (sandboxView, error) {
	rev, err := st.LatestRevision(ctx, box.ID)
	if err != nil {
		return sandboxView{}, err
	}
	p, problems := policy.Parse("policy of "+box.Name, rev.Text)
	if p == nil {
		return sandboxView{}, problems
	}
	view := sandboxView{ReadOnly: list(p.Filesystem.ReadOnly), ReadWrite: list(p.Filesystem.ReadWrite)}
	view.Tools = list(names(box.Spec.Tools, func(t store.Tool) string { return t.Name }))
	if box.Spec.Program != nil {
		view.Program = box.Spec.Program.Source
	}
	return view, nil
}

func (v sandboxView) rows() [][2]string {
	return [][2]string{
		{"read-only", cmp.Or(strings.Join(v.ReadOnly, ", "), "-")},
		{"writable", cmp.Or(strings.Join(v.ReadWrite, ", "), "-")},
		{"program", cmp.Or(v.Program, "-")},
		{"toolchains", cmp.Or(strings.Join(v.Tools, ", "), "-")},
	}
}
