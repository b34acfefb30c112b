package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"exeat/approvals"
	"exeat/mcp/tool"
	"exeat/sandbox"
	"exeat/store"
)

func (h *host) reading() []tool.Tool {
	return []tool.Tool{
		{
			Name: "list_sandboxes", Title: "List sandboxes", Handle: h.listSandboxes,
			Description: "The sandboxes on this machine: name, state, policy revision, how many requests were denied (counted up to 1000), how many proposals wait for approval.",
			Schema:      `{"type":"object","properties":{"state":{"type":"string","enum":["running","paused","stopped"]},"cursor":{"type":"string","description":"next_cursor of the page before"},"limit":{"type":"integer","minimum":1,"maximum":100}},"additionalProperties":false}`,
		},
		{
			Name: "list_denials", Title: "List denied requests", Handle: h.listDenials,
			Description: "What a sandbox was denied, newest first. Use it when an agent in a sandbox reports 403 forbidden from the proxy, connection refused or reset, permission denied on the network, or a rejected git push.",
			Schema:      `{"type":"object","properties":{"sandbox":{"type":"string"},"kind":` + tool.KindSchema() + `,"since":{"type":"string","description":"RFC 3339 time, or an age such as 15m"},"cursor":{"type":"integer","minimum":1,"description":"next_cursor of the page before"},"limit":{"type":"integer","minimum":1,"maximum":100}},"required":["sandbox"],"additionalProperties":false}`,
		},
		{
			Name: "explain_denial", Title: "Explain a denial", Handle: h.explainDenial,
			Description: "Why a request was denied (403, forbidden, rejected), which part of the policy decided, and the smallest changes that would allow it, ready for propose_policy_change.",
			Schema:      `{"type":"object","properties":{"sandbox":{"type":"string"},"denial_id":{"type":"integer","minimum":1}},"required":["sandbox","denial_id"],"additionalProperties":false}`,
		},
		{
			Name: "get_policy", Title: "Read a policy", Handle: h.getPolicy,
			Description: "The policy of a sandbox and its revision, the base of a proposal: which program may send which request where.",
			Schema:      `{"type":"object","properties":{"sandbox":{"type":"string"},"section":{"type":"string","enum":["all","static","network"]},"offset":{"type":"integer","minimum":0}},"required":["sandbox"],"additionalProperties":false}`,
		},
	}
}

// sandboxView is a sandbox as an agent sees it.
type sandboxView struct {
	Name     string `json:"name"`
	State    string `json:"state"`
	Frozen   bool   `json:"frozen"`
	Revision int    `json:"revision"`
	Denials  int    `json:"denials"`
	Pending  int    `json:"pending_proposals"`
}

func (h *host) listSandboxes(ctx context.Context, raw json.RawMessage) (any, *tool.Error) {
	in := struct {
		State  string `json:"state"`
		Cursor string `json:"cursor"`
		Limit  int    `json:"limit"`
	}{Limit: 50}
	if problem := tool.Decode(raw, &in); problem != nil {
		return nil, problem
	}
	all, err := h.Boxes.List(ctx)
	if err != nil {
		return nil, tool.Internal(err)
	}
	views, err := h.sandboxes(ctx, all, in.State, in.Cursor, in.Limit+1)
	if err != nil {
		return nil, tool.Internal(err)
	}
	page := struct {
		Sandboxes []sandboxView `json:"sandboxes"`
		Next      string        `json:"next_cursor,omitempty"`
	}{Sandboxes: tool.Page(views, in.Limit)}
	if n := len(page.Sandboxes); n < len(views) {
		page.Next = views[n-1].Name
	}
	return page, nil
}

// sandboxes shows at most limit of those in the state whose name comes after the cursor.
func (h *host) sandboxes(ctx context.Context, all []sandbox.Info, state, after string, limit int) (views []sandboxView, err error) {
	paused := h.Boxes.Paused(ctx, all)
	for _, info := range sorted(all) {
		if info.Name <= after || state != "" && stateOf(info, paused) != state {
			continue
		}
		view, err := h.sandboxView(ctx, info, stateOf(info, paused))
		if errors.Is(err, store.ErrNotFound) {
			continue // deleted meanwhile
		}
		if err != nil {
			return nil, err
		}
		if views = append(views, view); len(views) == limit {
			break
		}
	}
	return views, nil
}

func (h *host) sandboxView(ctx context.Context, info sandbox.Info, state string) (sandboxView, error) {
	rev, err := h.Boxes.Store.LatestRevision(ctx, info.ID)
	if err != nil {
		return sandboxView{}, err
	}
	pending, err := h.desk.List(ctx, approvals.Filter{SandboxID: info.ID, Status: approvals.Pending})
	if err != nil {
		return sandboxView{}, err
	}
	denials, err := h.denials(ctx, info.ID, denialQuery{limit: maxCounted})
	return sandboxView{info.Name, state, info.Spec.Frozen, rev.Number, len(denials), len(pending)}, err
}

func (h *host) getPolicy(ctx context.Context, raw json.RawMessage) (any, *tool.Error) {
	var in struct {
		Sandbox string `json:"sandbox"`
		Section string `json:"section"`
		Offset  int    `json:"offset"`
	}
	if problem := tool.Decode(raw, &in); problem != nil {
		return nil, problem
	}
	info, problem := h.sandbox(ctx, in.Sandbox)
	if problem != nil {
		return nil, problem
	}
	rev, err := h.Boxes.Store.LatestRevision(ctx, info.ID)
	if err != nil {
		return nil, tool.Internal(err)
	}
	page, problem := tool.PageText(rev.Number, section(string(rev.Text), in.Section), in.Offset)
	if problem != nil {
		return nil, problem
	}
	return page, nil
}

// section cuts the canonical text in two: its dynamic part comes last.
func section(text, name string) string {
	at := strings.Index(text, "\nnetwork_policies:")
	if at < 0 {
		at = len(text)
	}
	switch name {
	case "static":
		return text[:at]
	case "network":
		return strings.TrimPrefix(text[at:], "\n")
	}
	return text
}
