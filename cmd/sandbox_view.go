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
	return sandboxView{list(p.Filesystem.ReadOnly), list(p.Filesystem.ReadWrite)}, nil
}

func (v sandboxView) rows() [][2]string {
	return [][2]string{
		{"read-only", cmp.Or(strings.Join(v.ReadOnly, ", "), "-")},
		{"writable", cmp.Or(strings.Join(v.ReadWrite, ", "), "-")},
	}
}
