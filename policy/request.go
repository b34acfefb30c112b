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
	asked, err := override(r.Query + hiddenQuery(r.Path))
	if err == nil {
		err = r.check()
	}
	if err != nil {
		return a.request(Decision{Verdict: Denied, Code: CodeMalformed, Policy: a.Decision.Policy, Reason: err.Error()}, nil)
	}
	j := r.judged(strings.ToUpper(r.Method))
	d := a.judge(&j)
	for _, method := range []string{asked, r.Override} {
		if method == "" || method == j.method || d.Verdict == Denied {
			continue
		}
		// The server may execute any of them, so all must be allowed.
		other := j.as(method)
		if second := a.judge(&other); second.Verdict != Allowed {
			d = second
		}
	}
	return d
}

// Message judges one message of the client on a WebSocket that Request allowed r
// to become. Actions and Unread are the message's.
func (a *Admission) Message(r Request) Decision {
	j := r.judged(SocketText)
	j.upgrade = true
	return a.judge(&j)
}

func (r *Request) judged(method string) judged {
	return judged{
		method: method, bit: methodBit(method), path: r.Path, query: r.Query,
		upgrade: r.Upgrade, actions: r.Actions, unread: r.Unread,
	}
}

// as is the same request under another method.
func (j *judged) as(method string) judged {
	other := *j
	other.turned = method != j.method
	other.method, other.bit = method, methodBit(method)
	return other
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

// judge decides the request.
func (a *Admission) judge(j *judged) Decision {
	var o outcome
	for _, parts := range []*parts{&a.parts, &a.shuns} { // or a tainted program would not be read
		read, exact := parts.readers(j)
		o.read, o.exact = o.read || read, o.exact || exact
	}
	for i := range a.parts.n {
		e := a.parts.at(i)
		o.consider(e, a.rules(e), j)
	}
	for i := range a.shuns.n {
		o.forbid(a.shuns.at(i), j)
	}
	switch {
	case o.forbidden != nil, o.unread != nil:
		return a.denied(j, &o)
	case o.allow != nil && o.audited == nil:
		return Decision{
			Verdict: Allowed, Layer: layerRequest, Protocol: o.allow.speaksAs(),
			Policy: o.allow.block.key, By: o.allow.permits(true),
		}
	case o.allow != nil || o.auditor != nil:
		return a.auditedRequest(j, &o)
	case o.ambiguous:
		return a.ambiguous(j)
	}
	return a.denied(j, &o)
}

// speaksAs is the protocol that an inspected endpoint judges requests by.
func (e *endpoint) speaksAs() string {
	if e.inspected() {
		return e.protocol
	}
	return REST
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
	unread    *endpoint // speaks for it and cannot read its body
	auditor   *endpoint // only audits, and speaks for it
	speaks    *endpoint // speaks for it
	slash     *endpoint // would allow it without an escaped slash in its path
	ambiguous bool      // a rule allows its query, which servers read differently
	read      bool      // an endpoint for this path reads what is asked for, see readsAt
	exact     bool      // one that names this path alone
}

// consider adds what one endpoint says.
func (o *outcome) consider(e *endpoint, rules *ruleSet, j *judged) {
	o.forbid(e, j)
	if !e.speaks(j) || !o.adds(e) {
		return
	}
	if !o.read || e.readsAt(j) { // a denial names who reads what is asked for
		o.speaks = least(o.speaks, e)
	}
	if !e.encodedSlash && strings.Contains(j.path, encodedSlash) {
		if (&outcome{}).grants(e, rules, j) {
			o.slash = least(o.slash, e)
		}
		return
	}
	if e.audit {
		o.auditor = least(o.auditor, e)
	}
	if o.grants(e, rules, j) {
		o.allow = least(o.allow, e)
	}
}

// forbid adds what one endpoint denies.
func (o *outcome) forbid(e *endpoint, j *judged) {
	switch speaks := e.speaks(j) || e.forbids(j); {
	case !speaks:
	case j.unread[e.judges()] != "":
		o.unread = least(o.unread, e)
	case !e.denies || !e.fires(j):
	case e.audit:
		o.audited = least(o.audited, e)
	default:
		o.forbidden = least(o.forbidden, e)
	}
}

// splitsAtSemicolon reports a query that some servers split at semicolons: its
// keys and values are then not what rules would be matched against.
func (j *judged) splitsAtSemicolon() bool { return strings.IndexByte(j.query, ';') >= 0 }
