package mcp

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"exeat/mcp/tool"
	"exeat/policy"
	"exeat/sandbox"
	"exeat/store"
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
	return tool.PageDenials(denials, in.Limit, "explain_denial shows the smallest changes that would allow one"), nil
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
	explained, err := h.explain(ctx, info, denial)
	if err != nil {
		return nil, tool.Internal(err)
	}
	return explained, nil
}

// explain judges a denial by the newest policy of its sandbox.
func (h *host) explain(ctx context.Context, info sandbox.Info, denial tool.Denial) (tool.Explanation, error) {
	base, err := h.desk.Newest(ctx, info.ID)
	if err != nil {
		return tool.Explanation{}, err
	}
	engine, problems := policy.Compile(base.Policy, policy.Options{})
	if problems.HasErrors() {
		return tool.Explanation{}, fmt.Errorf("compile revision %d: %w", base.Revision, problems)
	}
	e := asPolicyNames(denial, info.Spec.Program).Explain(base.Revision, base.Policy, engine)
	switch {
	case e.Allowed:
		e.Step = "the policy allows this now: the sandboxed program can try again"
	case len(e.Options) > 0:
		e.Step = "call propose_policy_change with the operations of the narrowest option, base_revision and a reason"
	case denial.Code == string(policy.CodeFile) && denial.RuleMissing != "":
		e.Step = "a path needs a proposal that adds rule_missing to the policy, and is in the view after: exeat sandbox restart " + info.Name
	case denial.Code == string(policy.CodeAddress):
		e.Step = "tell the user: only allowed_ips at the endpoint opens a private address, and nothing opens one of this machine; " +
			"to open one, propose remove_endpoint and add_endpoint, with what rule_missing says in the latter"
	case denial.Code == string(policy.CodeTooLong):
		e.Step = "tell the user: the endpoint's max_body_bytes (graphql_max_body_bytes, mcp.max_body_bytes, json_rpc.max_body_bytes) says how much is read"
	case denial.Code == "credential_detached":
		e.Step = "no proposal is needed: the user can lend the secret again with exeat sandbox provider attach " + info.Name + " PROVIDER"
	default:
		e.Step = "no addition to the policy can be suggested for this; tell the user"
	}
	return e, nil
}

// asPolicyNames gives the agent's own program, which is installed below a home
// directory, the name that policies have for it, so that a suggestion is about
// /usr/local/bin/claude and not about one version's file of one user.
func asPolicyNames(d tool.Denial, program *store.Program) tool.Denial {
	d.Exe = program.PolicyName(d.Exe)
	ancestors := slices.Clone(d.Ancestors)
	for i := range ancestors {
		ancestors[i] = program.PolicyName(ancestors[i])
	}
	d.Ancestors = ancestors
	return d
}
