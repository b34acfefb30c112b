package mcp

import (
	"context"
	"encoding/json"
	"time"

	"exeat/approvals"
	"exeat/mcp/tool"
)

// pollInterval is how often a proposal is read while waited for: it is one
// indexed row, and a human cannot tell a quarter of a second from at once.
const pollInterval = 250 * time.Millisecond

// answer is what became of a proposal.
type answer struct {
	ID       int64  `json:"proposal_id"`
	Status   string `json:"status"`
	Comment  string `json:"comment,omitempty"`
	Replaced int64  `json:"replaced_by,omitempty"`
	Revision int    `json:"revision,omitempty"`
	Active   bool   `json:"active"`
	Step     string `json:"next_step"`
}

func (h *host) await(ctx context.Context, raw json.RawMessage) (any, *tool.Error) {
	in := struct {
		ID   int64 `json:"proposal_id"`
		Wait int   `json:"wait_seconds"`
	}{Wait: 25}
	if problem := tool.Decode(raw, &in); problem != nil {
		return nil, problem
	}
	p, err := h.decided(ctx, in.ID, time.Duration(in.Wait)*time.Second)
	if err != nil {
		return nil, refusal(err)
	}
	return answer{p.ID, p.Status, comment(p), p.ReplacedBy, p.Revision, p.Status == approvals.Applied, nextStep(p)}, nil
}

// commentBudget is how much of a comment a result holds, in bytes of JSON.
const commentBudget = 1 << 10

// comment is the reviewer's word on a proposal, or why it ended without one.
func comment(p approvals.Proposal) string { return tool.Cut(p.Comment, commentBudget) }

// decided returns the proposal once it is no longer pending, or as it is when
// the time is over. One approved a moment ago is given the time to load, where
// something is there to load it.
func (h *host) decided(ctx context.Context, id int64, limit time.Duration) (approvals.Proposal, error) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		p, err := h.desk.Get(ctx, id)
		if err != nil || !h.open(ctx, p) {
			return p, err
		}
		select {
		case <-tick.C:
		case <-timer.C:
			return p, nil
		case <-ctx.Done():
			return p, ctx.Err()
		}
	}
}

// open says whether something more will become of a proposal by itself.
func (h *host) open(ctx context.Context, p approvals.Proposal) bool {
	if p.Status != approvals.Approved {
		return p.Status == approvals.Pending
	}
	info, err := h.Boxes.Get(ctx, p.Sandbox)
	return err == nil && info.Running
}

func nextStep(p approvals.Proposal) string {
	switch p.Status {
	case approvals.Pending:
		return "no answer yet: call await_approval again, or tell the user it waits for them"
	case approvals.Approved:
		return "approved, in force when the sandbox starts"
	case approvals.Applied:
		return "in force: the sandboxed program can try again; paths are shown once the user has run exeat sandbox restart " + p.Sandbox
	case approvals.Rejected:
		return "read the comment; do not file the same change again"
	case approvals.Superseded:
		return "the policy has moved: read it again, and wait for replaced_by where there is one"
	}
	return "it is over: propose again if it is still needed"
}
