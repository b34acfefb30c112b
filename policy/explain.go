package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Effects of a Ref.
const (
	effectAllow   = "allow"
	effectDeny    = "deny"
	effectNoMatch = "no match"
	effectBinary  = "binary does not match"
	effectTainted = "caller is tainted"
	effectPort    = "port does not match"
)

// maxRefs bounds the endpoints a denial lists.
const maxRefs = 32

// request completes a decision about a request.
func (a *Admission) request(d Decision, j *judged) Decision {
	d.Layer = layerRequest
	if d.Protocol == "" {
		d.Protocol = REST
	}
	d.By = a.refs(j)
	return d
}

// denied is the denial of a request.
func (a *Admission) denied(j *judged, o *outcome) Decision {
	refused := a.alone(j)
	asks := refused.asks(o.speaks)
	d := Decision{Verdict: Denied, Code: CodePolicy, Reason: asks + " not permitted by policy"}
	switch {
	case o.forbidden != nil:
		d.Code, d.Policy, d.Protocol = CodeDenyRule, o.forbidden.block.key, o.forbidden.speaksAs()
		d.Reason = fmt.Sprintf("%s forbidden by a deny rule of %s", refused.asks(o.forbidden), d.Policy)
	case o.unread != nil:
		d.Code, d.Policy, d.Protocol = CodeMalformed, o.unread.block.key, o.unread.protocol
		d.Reason = fmt.Sprintf("%s cannot be judged as %s: %s", asks, o.unread.judges(), j.unread[o.unread.judges()])
	case o.read && o.speaks == nil: // a rule for what is read there would not allow it either
		d.Policy = a.closest(o)
		d.Reason += ": an endpoint that reads what is asked for there does not speak for this request, and no other may"
	default:
		d.Policy = a.closest(o)
		if o.speaks != nil {
			d.Protocol = o.speaks.speaksAs()
		}
		d.RuleMissing = a.endpointMissing(j, d.Protocol)
		if o.slash != nil {
			d.Policy = o.slash.block.key
			d.Reason += ": the endpoint refuses %2F in paths unless it says allow_encoded_slash: true"
		}
		if why := j.unread[Git]; why != "" {
			d.Reason += ": " + why
		}
	}
	return a.request(d, j)
}

// maxActions is how many actions a sentence names.
const maxActions = 3

// asks says what is asked for, in the words of the protocol that e judges by.
func (j *judged) asks(e *endpoint) string {
	request := j.method + " " + j.path
	if j.upgrade && j.method != SocketText {
		request = "a WebSocket at " + j.path
	}
	var all []string
	for i := range j.actions {
		if a := &j.actions[i]; a.Protocol == Git || e != nil && a.Protocol == e.judges() {
			all = append(all, a.String())
		}
	}
	if len(all) == 0 {
		return request
	}
	if len(all) > maxActions {
		all = append(all[:maxActions], fmt.Sprintf("and %d more", len(all)-maxActions))
	}
	return strings.Join(all, ", ") + " (" + request + ")"
}

// closest is the block that came closest to allowing a request.
func (a *Admission) closest(o *outcome) string {
	if o.speaks != nil {
		return o.speaks.block.key
	}
	return a.Decision.Policy
}

// ambiguous refuses a query that rules ask for and servers read differently.
func (a *Admission) ambiguous(j *judged) Decision {
	reason := "the query holds a key that servers may take for another one, which a rule asks for"
	if j.splitsAtSemicolon() {
		reason = "the query holds a ; where a rule asks for its keys"
	}
	return a.request(Decision{Verdict: Denied, Code: CodeMalformed, Policy: a.Decision.Policy, Reason: reason}, j)
}

// auditedRequest is a request that is forwarded although the rules deny it. It
// says what they would have said.
func (a *Admission) auditedRequest(j *judged, o *outcome) Decision {
	d := a.denied(j, &outcome{forbidden: o.audited, speaks: o.auditor})
	d.Verdict = Audited
	return d
}

// refusedRequest is the denial of a connection, as the answer to a request.
func (a *Admission) refusedRequest(r Request) Decision {
	d := a.Decision
	if d.RuleMissing != "" && r.check() == nil {
		j := r.judged(strings.ToUpper(r.Method))
		if d.RuleMissing = ""; !a.shuns.readAt(&j) { // what is read there for the untainted, a request alone does not open
			d.RuleMissing = a.blockMissing(&j)
		}
	}
	return d
}

// refs lists the endpoints of the host with what each did; j is nil for a
// connection.
func (a *Admission) refs(j *judged) []Ref {
	var refs []Ref
	for e := range a.engine.hosts.matching(a.dest.Host) {
		if len(refs) == maxRefs {
			break
		}
		ref := Ref{Block: e.block.key, Endpoint: e.text, Effect: a.effect(e, j)}
		if a.Inspect && !e.inspected() {
			ref.Endpoint = e.narrowed
		}
		refs = append(refs, ref)
	}
	return refs
}

// effect is what one endpoint did.
func (a *Admission) effect(e *endpoint, j *judged) string {
	switch {
	case !e.hasPort(a.dest.Port):
		return effectPort
	case e.block.shuns(&a.dest.Caller):
		var o outcome
		if j != nil {
			o.forbid(e, j)
		}
		if o.forbidden != nil || o.audited != nil {
			return effectDeny
		}
		return effectTainted
	case !e.block.admits(&a.dest.Caller):
		return effectBinary
	case j == nil:
		return effectAllow
	}
	var o outcome
	o.consider(e, a.rules(e), j)
	switch {
	case o.forbidden != nil || o.audited != nil:
		return effectDeny
	case o.allow != nil:
		return effectAllow
	}
	return effectNoMatch
}

// blockMissing is the block that would admit the caller: to this request, or to
// the connection where no request is known yet.
func (a *Admission) blockMissing(j *judged) string {
	endpoint := fmt.Sprintf("{ host: %s, port: %d }", scalar(a.dest.Host), a.dest.Port)
	switch {
	case j != nil:
		endpoint = a.endpointMissing(j, REST)
	case slices.Contains(webPorts, a.dest.Port):
		endpoint = fmt.Sprintf("{ host: %s, port: %d, protocol: rest, access: read-only }", scalar(a.dest.Host), a.dest.Port)
	}
	if endpoint == "" {
		return "" // what it asks for was not read, or no rule can say it
	}
	key := strings.NewReplacer(".", "_", "-", "_", ":", "_").Replace(a.dest.Host)
	return fmt.Sprintf("allow_%s: { endpoints: [%s], binaries: [{ path: %s, descendants: false }] }%s",
		key, endpoint, strconv.Quote(literalGlob(a.dest.Caller.Exe)), a.dest.Caller.remark())
}

// remark is a comment for the line that would admit a tainted caller: it admits whatever the agent loads.
func (c *Caller) remark() string {
	if c.Tainted == "" {
		return ""
	}
	return " # although it is tainted: " + strconv.Quote(c.Tainted)
}
