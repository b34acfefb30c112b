package policy

import (
	"fmt"
	"strings"
)

// Request judges one request of an inspected connection. Without Inspect it is
// the connection's own decision; of a denied connection it is that denial, with
// the request in what is missing.
func (a *Admission) Request(r Request) Decision {
	switch {
	case a.Decision.Verdict == Denied:
		return a.refusedRequest(r)
	case !a.Inspect:
		return a.Decision
	}
	asked, err := override(r.Query)
	if err == nil {
		err = r.check()
	}
	if err != nil {
		return a.request(Decision{Verdict: Denied, Code: CodeMalformed, Policy: a.Decision.Policy, Reason: err.Error()}, nil)
	}
	j := judged{path: r.Path, query: r.Query}
	d := a.judge(&j, strings.ToUpper(r.Method))
	if asked != "" && asked != j.method && d.Verdict != Denied {
		// The server may execute either method, so both must be allowed.
		if second := a.judge(&j, asked); second.Verdict != Allowed {
			return second
		}
	}
	return d
}

// check refuses a request that cannot be judged. The proxy made it canonical;
// what slipped through must not be judged as if it were.
func (r *Request) check() error {
	switch {
	case !isToken(r.Method):
		return fmt.Errorf("the method is no HTTP method")
	case !isCanonicalPath(r.Path):
		return fmt.Errorf("the path is not in canonical form")
	}
	return checkQuery(r.Query)
}

// judge decides the request under one method.
func (a *Admission) judge(j *judged, method string) Decision {
	j.method, j.bit = method, methodBit(method)
	var o outcome
	for i := range a.parts.n {
		e := a.parts.at(i)
		o.consider(e, a.rules(e), j)
	}
	for i := range a.shuns.n {
		o.forbid(a.shuns.at(i), j)
	}
	switch {
	case o.forbidden != nil, o.pending != nil:
		return a.denied(j, &o)
	case o.allow != nil && o.audited == nil:
		return Decision{
			Verdict: Allowed, Layer: layerRequest, Protocol: REST,
			Policy: o.allow.block.key, By: o.allow.permits(true),
		}
	case o.allow != nil || o.auditor != nil:
		return a.auditedRequest(j, &o)
	case o.ambiguous:
		return a.ambiguous(j)
	}
	return a.denied(j, &o)
}

// rules are what an endpoint allows in this connection.
func (a *Admission) rules(e *endpoint) *ruleSet {
	if e.inspected() {
		return &e.allow
	}
	return &a.engine.readOnly
}

// outcome is what the endpoints say of a request, each the one whose block has
// the smallest key.
type outcome struct {
	allow     *endpoint // a rule allows it
	forbidden *endpoint // a deny rule fires
	audited   *endpoint // one fires, of an endpoint that only audits
	pending   *endpoint // speaks for it in a protocol that is not enforced yet
	awaiting  *endpoint // has a rule that is not enforced yet
	awaits    string    // which
	auditor   *endpoint // only audits, and speaks for it
	speaks    *endpoint // speaks for it
	ambiguous bool      // a rule allows its query, which servers split differently
}

// consider adds what one endpoint says.
func (o *outcome) consider(e *endpoint, rules *ruleSet, j *judged) {
	o.forbid(e, j)
	if e.pending() || !e.speaks(j) {
		return
	}
	o.speaks = least(o.speaks, e)
	if !e.encodedSlash && strings.Contains(j.path, "%2F") {
		return
	}
	if e.audit {
		o.auditor = least(o.auditor, e)
	}
	o.allowRules(e, rules, j)
}

// forbid adds what one endpoint denies.
func (o *outcome) forbid(e *endpoint, j *judged) {
	switch speaks := e.speaks(j) || e.forbids(j); {
	case !speaks:
	case e.pending():
		o.pending = least(o.pending, e)
	case !e.denies || !e.deny.fires(j):
	case e.audit:
		o.audited = least(o.audited, e)
	default:
		o.forbidden = least(o.forbidden, e)
	}
}

func (o *outcome) allowRules(e *endpoint, rules *ruleSet, j *judged) {
	for r := range rules.near(j.path) {
		switch {
		case !r.matches(j):
		case len(r.query) > 0 && j.splitsAtSemicolon():
			o.ambiguous = true
		case r.pending != "":
			o.awaiting, o.awaits = least(o.awaiting, e), r.pending
		default:
			o.allow = least(o.allow, e)
			return
		}
	}
}

// splitsAtSemicolon reports a query that some servers split at semicolons: its
// keys and values are then not what rules would be matched against.
func (j *judged) splitsAtSemicolon() bool { return strings.IndexByte(j.query, ';') >= 0 }
