package mcp

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"exeat/mcp/tool"
	"exeat/sandbox"
	"exeat/store"
)

// maxCounted is how many denials list_sandboxes counts.
const maxCounted = 1000

// sandbox finds a sandbox by name.
func (h *host) sandbox(ctx context.Context, name string) (sandbox.Info, *tool.Error) {
	info, err := h.Boxes.Get(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		problem := tool.NotFound("list_sandboxes shows the names there are", "%v", err)
		problem.DidYouMean = guess(hintOf(err))
		return info, problem
	}
	if err != nil {
		return info, tool.Internal(err)
	}
	return info, nil
}

func hintOf(err error) string {
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		return hinted.Hint()
	}
	return ""
}

// guess is the word in a hint that asks "did you mean", or "".
func guess(hint string) string {
	word, ok := strings.CutPrefix(hint, "did you mean ")
	if !ok {
		return ""
	}
	return strings.Trim(word, `"?`)
}

func sorted(all []sandbox.Info) []sandbox.Info {
	slices.SortFunc(all, func(a, b sandbox.Info) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// stateOf is what the lock says, and of one that runs what its supervisor says.
func stateOf(info sandbox.Info, paused map[string]string) string {
	switch {
	case !info.Running:
		return "stopped"
	case paused[info.ID] != "":
		return "paused"
	}
	return "running"
}

// denialQuery chooses denials; zero values choose all.
type denialQuery struct {
	kind   string
	since  time.Time
	before int64
	limit  int
}

// denials reads denials, newest first.
func (h *host) denials(ctx context.Context, id string, q denialQuery) ([]tool.Denial, error) {
	reader, err := store.OpenDecisionReader(ctx, h.Boxes.Dirs, id)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	page, err := reader.Decisions(ctx, store.DecisionFilter{Denied: true, Code: q.kind, Since: q.since, BeforeID: q.before, Limit: q.limit})
	if err != nil {
		return nil, err
	}
	var found []tool.Denial
	for _, d := range slices.Backward(page) {
		found = append(found, denialOf(d))
	}
	return found, nil
}

func (h *host) denial(ctx context.Context, sandboxID string, id int64) (tool.Denial, *tool.Error) {
	reader, err := store.OpenDecisionReader(ctx, h.Boxes.Dirs, sandboxID)
	if err != nil {
		return tool.Denial{}, tool.Internal(err)
	}
	defer reader.Close()
	d, err := reader.Decision(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && d.Verdict != store.VerdictDeny {
		return tool.Denial{}, tool.NotFound("list_denials shows the ids there are", "no denial of this sandbox has the id %d", id)
	}
	if err != nil {
		return tool.Denial{}, tool.Internal(err)
	}
	return denialOf(d), nil
}

func denialOf(d store.Decision) tool.Denial {
	last := d.Last
	if last.IsZero() {
		last = d.Time
	}
	return tool.Denial{
		ID: d.ID, Last: last, Count: d.Count, Host: d.Host, Port: d.Port, Layer: d.Layer, Protocol: d.Protocol,
		Method: d.Method, Target: d.Target, Policy: d.Policy, Code: d.Code, Reason: d.Reason, RuleMissing: d.RuleMissing,
		Exe: d.Exe, Ancestors: d.Ancestors, Tainted: d.Tainted,
	}
}
