package agents

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/mark3labs/mcp-go/client"
)

// Host is the agent on the host: a client of `exeat mcp serve` and nothing
// more. It is a process of its own, because what it starts may not approve.
type Host struct {
	Binary     string // exeat
	Sandbox    string
	Repository string
	mcp        *client.Client
}

// Run plays the agent's part: reads the denials, proposes, and waits for the answer.
func (h *Host) Run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	if err := h.play(ctx); err != nil {
		say("FAILED %v", err)
		return err
	}
	return nil
}

func (h *Host) play(ctx context.Context) error {
	if err := h.start(ctx); err != nil {
		return err
	}
	defer h.mcp.Close()
	ids, reasons, err := h.denials(ctx)
	if err != nil {
		return err
	}
	for i, reason := range reasons {
		say("list_denials: %d: %s", ids[i], reason)
	}
	proposal, err := h.proposal(ctx, ids, "the agent has to push hello_world.py to "+h.Repository)
	if err != nil {
		return err
	}
	say("propose_policy_change: filed proposal %d, waiting in await_approval", proposal)
	status, revision, err := h.answer(ctx, proposal)
	if err != nil {
		return err
	}
	say("await_approval: %s, revision %d", status, revision)
	return nil
}

// start spawns the server and speaks to it over its standard streams.
func (h *Host) start(ctx context.Context) error {
	c, err := client.NewStdioMCPClient(h.Binary, os.Environ(), "mcp", "serve")
	if err != nil {
		return fmt.Errorf("spawn the MCP server: %w", err)
	}
	h.mcp = c
	return connect(ctx, c)
}

// denials lists what the sandbox was refused, in words.
func (h *Host) denials(ctx context.Context) (ids []int64, reasons []string, err error) {
	var list denialList
	err = call(ctx, h.mcp, "list_denials", map[string]any{"sandbox": h.Sandbox}, &list)
	for _, d := range list.Denials {
		ids, reasons = append(ids, d.ID), append(reasons, d.Reason)
	}
	return ids, reasons, err
}

// proposal asks for the smallest change that explain_denial offers for each denial.
func (h *Host) proposal(ctx context.Context, ids []int64, reason string) (proposal int64, err error) {
	var operations []any
	for _, id := range ids {
		var explained struct {
			Options []struct {
				Operations []any `json:"operations"`
			} `json:"options"`
		}
		if err := call(ctx, h.mcp, "explain_denial", map[string]any{"sandbox": h.Sandbox, "denial_id": id}, &explained); err != nil {
			return 0, err
		}
		if len(explained.Options) == 0 {
			return 0, fmt.Errorf("no option offered for denial %d", id)
		}
		operations = append(operations, explained.Options[0].Operations...)
	}
	return h.propose(ctx, operations, ids, reason)
}

func (h *Host) propose(ctx context.Context, operations []any, ids []int64, reason string) (int64, error) {
	var current struct {
		Revision int `json:"revision"`
	}
	if err := call(ctx, h.mcp, "get_policy", map[string]any{"sandbox": h.Sandbox}, &current); err != nil {
		return 0, err
	}
	var filed struct {
		ID     int64  `json:"proposal_id"`
		Status string `json:"status"`
	}
	err := call(ctx, h.mcp, "propose_policy_change", map[string]any{
		"sandbox": h.Sandbox, "base_revision": current.Revision, "operations": operations,
		"denial_ids": ids, "reason": reason,
	}, &filed)
	if err == nil && filed.ID == 0 {
		err = errors.New("the proposal got no id")
	}
	return filed.ID, err
}

// answer waits until the proposal is decided and returns how.
func (h *Host) answer(ctx context.Context, proposal int64) (status string, revision int, err error) {
	for {
		var answer struct {
			Status   string `json:"status"`
			Revision int    `json:"revision"`
			Active   bool   `json:"active"`
		}
		if err := call(ctx, h.mcp, "await_approval", map[string]any{"proposal_id": proposal, "wait_seconds": 25}, &answer); err != nil {
			return "", 0, err
		}
		if answer.Status != "pending" && (answer.Status != "approved" || answer.Active) {
			return answer.Status, answer.Revision, nil
		}
	}
}
