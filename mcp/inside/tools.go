package inside

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"exeat/mcp/tool"
	"exeat/policy"
)

func tools(view View) []tool.Tool {
	t := &endpoint{view}
	return []tool.Tool{
		{
			Name: "list_denials", Title: "List denied requests", Handle: t.list,
			Description: "What this sandbox was denied, newest first. Use it after a 403 forbidden from the proxy, a connection refused or reset, a rejected git push or a permission denied on the network.",
			Schema:      `{"type":"object","properties":{"cursor":{"type":"integer","description":"next_cursor of the page before"},"limit":{"type":"integer","minimum":1,"maximum":100}},"additionalProperties":false}`,
		},
		{
			Name: "explain_denial", Title: "Explain a denial", Handle: t.explain,
			Description: "Why a request was denied (403, forbidden, rejected), which part of the policy decided, and what addition would allow it, to tell the user when you ask for access.",
			Schema:      `{"type":"object","properties":{"denial_id":{"type":"integer"}},"required":["denial_id"],"additionalProperties":false}`,
		},
		{
			Name: "get_policy", Title: "Read the policy", Handle: t.policy,
			Description: "The policy in force: which program may send which request where. Read-only; it can only be changed from outside the sandbox.",
			Schema:      `{"type":"object","properties":{"offset":{"type":"integer","minimum":0}},"additionalProperties":false}`,
		},
		{
			Name: "await_change", Title: "Wait until a denial is allowed", Handle: t.await,
			Description: "Waits until the policy allows what a denial asked for, at most wait_seconds. Call it again while allowed is false; do not retry the request meanwhile.",
			Schema:      `{"type":"object","properties":{"denial_id":{"type":"integer"},"wait_seconds":{"type":"integer","minimum":0,"maximum":50,"default":25}},"required":["denial_id"],"additionalProperties":false}`,
		},
	}
}

type endpoint struct{ view View }

func (t *endpoint) list(ctx context.Context, raw json.RawMessage) (any, *tool.Error) {
	in := struct {
		Cursor int64 `json:"cursor"`
		Limit  int   `json:"limit"`
	}{Limit: 20}
	if problem := tool.Decode(raw, &in); problem != nil {
		return nil, problem
	}
	if in.Limit < 1 || in.Limit > 100 {
		return nil, tool.BadArgument("limit: want 1 to 100, got %d", in.Limit)
	}
	denials, err := t.view.Denials(ctx, in.Cursor, in.Limit+1)
	if err != nil {
		return nil, tool.Internal(err)
	}
	views, next := tool.Page(denials, in.Limit)
	return struct {
		Denials []tool.View `json:"denials"`
		Next    int64       `json:"next_cursor,omitempty"`
		Step    string      `json:"next_step"`
	}{views, next, "explain_denial says what would allow one; report its id to the user"}, nil
}

// denial finds the denial an argument names.
func (t *endpoint) denial(ctx context.Context, id int64) (tool.Denial, *tool.Error) {
	d, err := t.view.Denial(ctx, id)
	switch {
	case errors.Is(err, ErrNotFound):
		return d, tool.NotFound("list_denials shows the ids there are", "no denial has the id %d", id)
	case err != nil:
		return d, tool.Internal(err)
	}
	return d, nil
}

func (t *endpoint) explain(ctx context.Context, raw json.RawMessage) (any, *tool.Error) {
	var in struct {
		ID int64 `json:"denial_id"`
	}
	if problem := tool.Decode(raw, &in); problem != nil {
		return nil, problem
	}
	d, problem := t.denial(ctx, in.ID)
	if problem != nil {
		return nil, problem
	}
	_, p, engine := t.view.InForce()
	decision := d.Judge(engine)
	allowed := decision.Verdict != policy.Denied
	return struct {
		Denial  tool.View       `json:"denial"`
		Allowed bool            `json:"allowed_now"`
		Decided []policy.Ref    `json:"decided_by"`
		Options []policy.Option `json:"options"`
		Step    string          `json:"next_step"`
	}{d.Show(), allowed, refs(decision.By), options(p, d, allowed), step(d, allowed)}, nil
}

// refs and options are never null: clients differ in what they make of it.
func refs(by []policy.Ref) []policy.Ref { return append([]policy.Ref{}, by...) }

func options(p *policy.Policy, d tool.Denial, allowed bool) []policy.Option {
	if allowed {
		return []policy.Option{}
	}
	return append([]policy.Option{}, policy.Suggest(p, []policy.Wanted{d.Wanted()})...)
}

func step(d tool.Denial, allowed bool) string {
	if allowed {
		return "the policy allows this now: try the request again"
	}
	if d.Code != string(policy.CodePolicy) {
		return "no addition to the policy allows this: find another way, or tell the user"
	}
	return "stop retrying; tell the user this denial's id and ask for access, then call await_change"
}

func (t *endpoint) await(ctx context.Context, raw json.RawMessage) (any, *tool.Error) {
	in := struct {
		ID   int64 `json:"denial_id"`
		Wait int   `json:"wait_seconds"`
	}{Wait: 25}
	if problem := tool.Decode(raw, &in); problem != nil {
		return nil, problem
	}
	if in.Wait < 0 || in.Wait > 50 {
		return nil, tool.BadArgument("wait_seconds: want 0 to 50, got %d", in.Wait)
	}
	d, problem := t.denial(ctx, in.ID)
	if problem != nil {
		return nil, problem
	}
	allowed, revision := t.wait(ctx, d, time.Duration(in.Wait)*time.Second)
	next := step(d, allowed)
	if !allowed && d.Code == string(policy.CodePolicy) {
		next = "not allowed yet: call await_change again, or tell the user what you wait for"
	}
	return struct {
		Allowed  bool   `json:"allowed"`
		Revision int    `json:"revision"`
		Step     string `json:"next_step"`
	}{allowed, revision, next}, nil
}

// wait returns as soon as the policy in force allows the denied request.
func (t *endpoint) wait(ctx context.Context, d tool.Denial, limit time.Duration) (allowed bool, revision int) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		changed := t.view.Changed() // before judging: no change can slip between
		revision, _, engine := t.view.InForce()
		if d.Judge(engine).Verdict != policy.Denied {
			return true, revision
		}
		select {
		case <-changed:
		case <-timer.C:
			return false, revision
		case <-ctx.Done():
			return false, revision
		}
	}
}
