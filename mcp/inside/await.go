package inside

import (
	"context"
	"encoding/json"
	"time"

	"exeat/mcp/tool"
	"exeat/policy"
)

// change is what await_change saw.
type change struct {
	Allowed  bool   `json:"allowed"`
	Revision int    `json:"revision"`
	Step     string `json:"next_step"`
}

func (t *endpoint) await(ctx context.Context, raw json.RawMessage) (any, *tool.Error) {
	in := struct {
		ID   int64 `json:"denial_id"`
		Wait int   `json:"wait_seconds"`
	}{Wait: 25}
	if problem := tool.Decode(raw, &in); problem != nil {
		return nil, problem
	}
	d, problem := t.denial(ctx, in.ID)
	if problem != nil {
		return nil, problem
	}
	limit := time.Duration(in.Wait) * time.Second
	switch {
	case d.Judged():
		return t.wait(ctx, d, limit), nil
	case d.Code == string(policy.CodeAddress):
		return t.waitAny(ctx, d, limit), nil
	}
	revision, _, _ := t.view.InForce()
	return change{Revision: revision, Step: step(d, false)}, nil
}

// wait returns as soon as the policy in force allows the denied request.
func (t *endpoint) wait(ctx context.Context, d tool.Denial, limit time.Duration) change {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		changed := t.view.Changed() // before judging: no change can slip between
		revision, _, engine := t.view.InForce()
		if d.Allowed(engine) {
			return change{true, revision, step(d, true)}
		}
		select {
		case <-changed:
			continue
		case <-timer.C:
		case <-ctx.Done():
		}
		return change{false, revision, "not allowed yet: call await_change again, or tell the user what you wait for"}
	}
}

// waitAny returns at the next change: whether it opened the address shows only
// when the address is asked for again.
func (t *endpoint) waitAny(ctx context.Context, d tool.Denial, limit time.Duration) change {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	next := step(d, false)
	select {
	case <-t.view.Changed():
		next = "the policy has changed: try the request once more"
	case <-timer.C:
	case <-ctx.Done():
	}
	revision, _, _ := t.view.InForce()
	return change{Revision: revision, Step: next}
}
