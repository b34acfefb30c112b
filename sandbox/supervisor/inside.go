package supervisor

import (
	"context"
	"errors"
	"net/http"
	"runtime/debug"
	"slices"

	"exeat/mcp/inside"
	"exeat/mcp/tool"
	"exeat/policy"
	"exeat/store"
)

// inside answers http://exeat.local from within the sandbox.
func (s *supervisor) inside(reader *store.DecisionReader) http.Handler {
	version := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
	}
	return inside.Handler(version, insideView{s, reader})
}

// insideView is what the endpoint sees of its sandbox: nothing it could change.
type insideView struct {
	s      *supervisor
	reader *store.DecisionReader
}

var _ inside.View = insideView{}

// InForce implements inside.View.
func (v insideView) InForce() (int, *policy.Policy, *policy.Engine) {
	now := v.s.live.Load()
	return now.Revision, now.Policy, now.Engine
}

// Changed implements inside.View.
func (v insideView) Changed() <-chan struct{} { return v.s.live.Changed() }

// Denials implements inside.View.
func (v insideView) Denials(ctx context.Context, before int64, limit int) ([]tool.Denial, error) {
	decisions, err := v.reader.Decisions(ctx, store.DecisionFilter{Denied: true, BeforeID: before, Limit: limit})
	if err != nil {
		return nil, err
	}
	slices.Reverse(decisions) // the store's order is oldest first
	denials := make([]tool.Denial, len(decisions))
	for i, d := range decisions {
		denials[i] = denialOf(d)
	}
	return denials, nil
}

// Denial implements inside.View.
func (v insideView) Denial(ctx context.Context, id int64) (tool.Denial, error) {
	d, err := v.reader.Decision(ctx, id)
	if errors.Is(err, store.ErrNotFound) || (err == nil && d.Verdict != store.VerdictDeny) {
		return tool.Denial{}, inside.ErrNotFound
	}
	return denialOf(d), err
}

// denialOf leaves out what belongs to the host: its process numbers, for one.
func denialOf(d store.Decision) tool.Denial {
	return tool.Denial{
		ID: d.ID, Last: d.Last, Count: d.Count, Host: d.Host, Port: d.Port, Layer: d.Layer, Protocol: d.Protocol,
		Method: d.Method, Target: d.Target, Policy: d.Policy, Code: d.Code, Reason: d.Reason,
		RuleMissing: d.RuleMissing, Exe: d.Exe, Ancestors: d.Ancestors, Tainted: d.Tainted,
	}
}
