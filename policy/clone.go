package policy

import (
	"maps"
	"slices"
)

// clone shares nothing with p, so that changing one leaves the other.
func (p *Policy) clone() *Policy {
	c := *p
	c.Filesystem.ReadOnly = slices.Clone(p.Filesystem.ReadOnly)
	c.Filesystem.ReadWrite = slices.Clone(p.Filesystem.ReadWrite)
	c.Filesystem.Handoff = slices.Clone(p.Filesystem.Handoff)
	c.Blocks = slices.Clone(p.Blocks)
	for i := range c.Blocks {
		c.Blocks[i] = c.Blocks[i].clone()
	}
	return &c
}

func (b Block) clone() Block {
	b.Binaries = slices.Clone(b.Binaries)
	b.Endpoints = slices.Clone(b.Endpoints)
	for i := range b.Endpoints {
		b.Endpoints[i] = b.Endpoints[i].clone()
	}
	return b
}

func (e Endpoint) clone() Endpoint {
	e.Ports = slices.Clone(e.Ports)
	e.AllowedIPs = slices.Clone(e.AllowedIPs)
	e.Rules, e.DenyRules = cloneMatches(e.Rules), cloneMatches(e.DenyRules)
	e.Options = cloneLists(e.Options)
	return e
}

func cloneMatches(matches []Match) []Match {
	out := slices.Clone(matches)
	for i := range out {
		out[i].Query, out[i].Options = cloneLists(out[i].Query), cloneLists(out[i].Options)
		if out[i].Git != nil {
			git := *out[i].Git
			git.Push = slices.Clone(git.Push)
			out[i].Git = &git
		}
	}
	return out
}

func cloneLists(m map[string][]string) map[string][]string {
	out := maps.Clone(m)
	for key, values := range out {
		out[key] = slices.Clone(values)
	}
	return out
}
