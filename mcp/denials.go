package mcp

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"exeat/mcp/tool"
	"exeat/policy"
)

func (h *host) listDenials(ctx context.Context, raw json.RawMessage) (any, *tool.Error) {
	in := struct {
		Sandbox string `json:"sandbox"`
		Kind    string `json:"kind"`
		Since   string `json:"since"`
		Cursor  int64  `json:"cursor"`
		Limit   int    `json:"limit"`
	}{Limit: 20}
	if problem := tool.Decode(raw, &in); problem != nil {
		return nil, problem
	}
	if in.Limit < 1 || in.Limit > 100 {
		return nil, tool.BadArgument("limit: want 1 to 100, got %d", in.Limit)
	}
	since, problem := instant(in.Since, time.Now())
	if problem != nil {
		return nil, problem
	}
	info, problem := h.sandbox(ctx, in.Sandbox)
	if problem != nil {
		return nil, problem
	}
	denials, err := h.denials(ctx, info.ID, denialQuery{in.Kind, since, in.Cursor, in.Limit + 1})
	if err != nil {
		return nil, tool.Internal(err)
	}
	views, next := tool.Page(denials, in.Limit)
	return struct {
		Denials []tool.View `json:"denials"`
		Next    int64       `json:"next_cursor,omitempty"`
		Step    string      `json:"next_step"`
	}{views, next, "explain_denial shows the smallest changes that would allow one"}, nil
}

// instant reads a time or an age.
func instant(text string, now time.Time) (time.Time, *tool.Error) {
	if text == "" {
		return time.Time{}, nil
	}
	if age, err := time.ParseDuration(text); err == nil && age >= 0 {
		return now.Add(-age), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, tool.BadArgument("since: want an RFC 3339 time or an age such as 15m, got %q", text)
	}
	return at, nil
}

func (h *host) explainDenial(ctx context.Context, raw json.RawMessage) (any, *tool.Error) {
	var in struct {
		Sandbox string `json:"sandbox"`
		ID      int64  `json:"denial_id"`
	}
	if problem := tool.Decode(raw, &in); problem != nil {
		return nil, problem
	}
	info, problem := h.sandbox(ctx, in.Sandbox)
	if problem != nil {
		return nil, problem
	}
	denial, problem := h.denial(ctx, info.ID, in.ID)
	if problem != nil {
		return nil, problem
	}
	explained, err := h.explain(ctx, info.ID, denial)
	if err != nil {
		return nil, tool.Internal(err)
	}
	return explained, nil
}

// explanation is what is known about a denial under the newest policy.
type explanation struct {
	Denial   tool.View       `json:"denial"`
	Revision int             `json:"revision"`
	Allowed  bool            `json:"allowed_now"`
	Decided  []policy.Ref    `json:"decided_by"`
	Options  []policy.Option `json:"options"`
	Step     string          `json:"next_step"`
}

func (h *host) explain(ctx context.Context, sandboxID string, denial tool.Denial) (explanation, error) {
	base, err := h.desk.Newest(ctx, sandboxID)
	if err != nil {
		return explanation{}, err
	}
	engine, problems := policy.Compile(base.Policy, policy.Options{})
	if problems.HasErrors() {
		return explanation{}, fmt.Errorf("compile revision %d: %w", base.Revision, problems)
	}
	decision := denial.Judge(engine)
	e := explanation{
		Denial: denial.Show(), Revision: base.Revision, Allowed: decision.Verdict != policy.Denied,
		Decided: append([]policy.Ref{}, decision.By...), Options: []policy.Option{},
		Step: "the policy allows this now: the sandboxed program can try again",
	}
	if e.Allowed {
		return e, nil
	}
	e.Options = append(e.Options, policy.Suggest(base.Policy, []policy.Wanted{denial.Wanted()})...)
	e.Step = "call propose_policy_change with the operations of the narrowest option, base_revision and a reason"
	if len(e.Options) == 0 {
		e.Step = "no addition to the policy allows this; tell the user"
	}
	return e, nil
}
