package inside

import (
	"context"
	"encoding/json"
	"slices"

	"exeat/mcp/tool"
	"exeat/policy"
)

func (t *endpoint) policy(_ context.Context, raw json.RawMessage) (any, *tool.Error) {
	var in struct {
		Offset int `json:"offset"`
	}
	if problem := tool.Decode(raw, &in); problem != nil {
		return nil, problem
	}
	revision, p, _ := t.view.InForce()
	page, problem := tool.PageText(revision, string(public(p).Text()), in.Offset)
	if problem != nil {
		return nil, problem
	}
	return page, nil
}

// public is the policy without what describes the host's network.
func public(p *policy.Policy) *policy.Policy {
	shown := *p
	shown.Blocks = slices.Clone(p.Blocks)
	for i := range shown.Blocks {
		endpoints := slices.Clone(shown.Blocks[i].Endpoints)
		for j := range endpoints {
			endpoints[j].AllowedIPs = nil
		}
		shown.Blocks[i].Endpoints = endpoints
	}
	return &shown
}
