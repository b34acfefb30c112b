package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mark3labs/mcp-go/server"

	"exeat/approvals"
	"exeat/approvals/risk"
	"exeat/mcp/tool"
	"exeat/policy"
)

func (h *host) proposing() []tool.Tool {
	return []tool.Tool{
		{
			Name: "propose_policy_change", Title: "Ask for access", Handle: h.propose, Writes: true,
			Description: "Asks a human to allow something in a sandbox: after a 403 forbidden, connection refused or permission denied. Changes nothing by itself. Give the operations that explain_denial offers, or a whole policy.",
			Schema:      proposeSchema,
		},
		{
			Name: "await_approval", Title: "Wait for the human's answer", Handle: h.await,
			Description: "Waits until a human has approved or rejected a proposal, at most wait_seconds. Call it again while status is pending.",
			Schema:      `{"type":"object","properties":{"proposal_id":{"type":"integer","minimum":1},"wait_seconds":{"type":"integer","minimum":0,"maximum":50,"default":25}},"required":["proposal_id"],"additionalProperties":false}`,
		},
	}
}

// proposeInput are the arguments of propose_policy_change.
type proposeInput struct {
	Sandbox    string             `json:"sandbox"`
	Base       int                `json:"base_revision"`
	Operations []policy.Operation `json:"operations"`
	YAML       string             `json:"policy_yaml"`
	Reason     string             `json:"reason"`
	DenialIDs  []int64            `json:"denial_ids"`
	DryRun     bool               `json:"dry_run"`
}

// filed is what an agent learns of its proposal.
type filed struct {
	ID        int64          `json:"proposal_id,omitempty"`
	Status    string         `json:"status"`
	Diff      string         `json:"diff"`
	Truncated bool           `json:"diff_truncated,omitempty"`
	Permits   []string       `json:"permits"`
	Findings  []risk.Finding `json:"findings"`
	Allows    []int64        `json:"would_allow_denials"`
	Command   string         `json:"approve_command,omitempty"`
	Expires   string         `json:"expires_at,omitempty"`
	Step      string         `json:"next_step"`
}

func (h *host) propose(ctx context.Context, raw json.RawMessage) (any, *tool.Error) {
	var in proposeInput
	if problem := tool.Decode(raw, &in); problem != nil {
		return nil, wrapped(problem)
	}
	if strings.TrimSpace(in.Reason) == "" {
		return nil, tool.BadArgument("reason: say what the change is for; the human reads it")
	}
	info, problem := h.sandbox(ctx, in.Sandbox)
	if problem != nil {
		return nil, problem
	}
	for _, id := range in.DenialIDs {
		if _, problem := h.denial(ctx, info.ID, id); problem != nil {
			return nil, problem
		}
	}
	result, err := h.desk.Submit(ctx, approvals.Submission{
		SandboxID: info.ID, BaseRevision: in.Base, Operations: in.Operations, YAML: []byte(in.YAML),
		Reason: in.Reason, DenialIDs: in.DenialIDs, Proposer: client(ctx), DryRun: in.DryRun,
	})
	if err != nil {
		return nil, refusal(err)
	}
	return newFiled(result), nil
}

// wrapped answers those who write a rule as policy files do, below allow.
func wrapped(problem *tool.Error) *tool.Error {
	if strings.Contains(problem.Message, `"allow"`) {
		problem.DidYouMean = ""
		problem.NextStep = `a rule has its fields directly, without allow: "rule": {"method": "GET", "path": "/x"}`
	}
	return problem
}

// client is the name the client gave itself; it proves nothing and is shown as its word.
func client(ctx context.Context) string {
	session, ok := server.ClientSessionFromContext(ctx).(server.SessionWithClientInfo)
	if !ok || session.GetClientInfo().Name == "" {
		return "MCP client"
	}
	return session.GetClientInfo().Name
}

// Budgets of the parts of a result, in bytes of JSON.
const (
	diffBudget    = 4 << 10
	listBudget    = 2 << 10
	allowedBudget = 512
)

func newFiled(result approvals.Filed) filed {
	r := result.Review
	out := filed{
		ID: r.ID, Status: r.Status, Diff: tool.Cut(r.Diff, diffBudget), Permits: fitting(r.Permits),
		Findings: tool.Fitting(r.Findings, listBudget), Allows: tool.Fitting(r.WouldAllow, allowedBudget),
		Expires: r.ExpiresAt.UTC().Format(time.RFC3339),
	}
	out.Truncated = len(out.Diff) < len(r.Diff)
	switch {
	case result.DryRun:
		out.ID, out.Status, out.Expires = 0, "dry_run", ""
		out.Step = "call propose_policy_change without dry_run to file it"
	case r.Status == approvals.Pending:
		out.Command = fmt.Sprintf("exeat approve %d", r.ID)
		out.Step = "tell the user to run approve_command in another terminal, then call await_approval"
	default:
		out.Step = nextStep(r.Proposal)
	}
	return out
}

// fitting keeps the first permits, which are what the operations asked for.
func fitting(permits []string) []string {
	kept := tool.Fitting(permits, listBudget)
	if rest := len(permits) - len(kept); rest > 0 {
		kept = append(kept, fmt.Sprintf("and %d more", rest))
	}
	return kept
}

// refusal gives an error of package approvals the form of this protocol.
func refusal(err error) *tool.Error {
	var refused *approvals.Error
	if !errors.As(err, &refused) {
		return tool.Internal(err)
	}
	problem := &tool.Error{Code: tool.CodeRefused, Message: refused.Message, NextStep: refused.HintOf}
	switch refused.Code {
	case approvals.CodeInvalid, approvals.CodeArgument, approvals.CodeStatic:
		problem.Code = tool.CodeBadArgument
	case approvals.CodeBaseMoved:
		problem.Code, problem.Retryable = tool.CodeConflict, true
	case approvals.CodeNotFound:
		problem.Code = tool.CodeNotFound
	}
	if problem.NextStep == "" {
		problem.NextStep = "correct the arguments and call the tool again"
	}
	problem.DidYouMean = guess(problem.NextStep)
	return problem
}
