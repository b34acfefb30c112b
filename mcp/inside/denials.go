package inside

import (
	"context"
	"encoding/json"
	"errors"

	"exeat/mcp/tool"
	"exeat/policy"
)

func (t *endpoint) list(ctx context.Context, raw json.RawMessage) (any, *tool.Error) {
	in := struct {
		Cursor int64 `json:"cursor"`
		Limit  int   `json:"limit"`
	}{Limit: 20}
	if problem := tool.Decode(raw, &in); problem != nil {
		return nil, problem
	}
	denials, err := t.view.Denials(ctx, in.Cursor, in.Limit+1)
	if err != nil {
		return nil, unread()
	}
	for i := range denials {
		hide(&denials[i])
	}
	return tool.PageDenials(denials, in.Limit, "explain_denial says what would allow one; report its id to the user"), nil
}

// denial finds the denial an argument names.
func (t *endpoint) denial(ctx context.Context, id int64) (tool.Denial, *tool.Error) {
	d, err := t.view.Denial(ctx, id)
	switch {
	case errors.Is(err, ErrNotFound):
		return d, tool.NotFound("list_denials shows the ids there are", "no denial has the id %d", id)
	case err != nil:
		return d, unread()
	}
	hide(&d)
	return d, nil
}

// unread takes the place of an error that names files of the host.
func unread() *tool.Error {
	return tool.Internal(errors.New("the record of denials cannot be read now"))
}

// hide removes what a sandbox has no business to know: where on the host's
// network a name led to.
func hide(d *tool.Denial) {
	if d.Code == string(policy.CodeAddress) {
		d.Reason, d.RuleMissing = "", ""
	}
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
	explained := d.Explain(t.view.InForce())
	explained.Step = step(d, explained.Allowed)
	return explained, nil
}

func step(d tool.Denial, allowed bool) string {
	switch {
	case allowed:
		return "the policy allows this now: try the request again"
	case d.Judged():
		return "stop retrying; tell the user this denial's id and ask for access, then call await_change"
	case d.Code == string(policy.CodeFile) && d.RuleMissing != "":
		return "stop retrying; tell the user this denial's id: a path needs a proposal, and is in the view after exeat sandbox restart"
	case d.Code == string(policy.CodeAddress):
		return "stop retrying; tell the user this denial's id: the address has to be opened from outside"
	case d.Code == string(policy.CodeTooLong):
		return "send less, or tell the user this denial's id: the endpoint's max_body_bytes says how much is read"
	}
	return "no addition to the policy allows this: find another way, or tell the user"
}
