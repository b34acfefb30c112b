package policy

import (
	"cmp"
	"slices"
	"strings"
)

// Wanted is one request or connection that was denied. A connection has no Method.
type Wanted struct {
	Host      string   `json:"host"`
	Port      int      `json:"port"`
	Protocol  string   `json:"protocol"` // "rest", or "l4" where no request was seen
	Method    string   `json:"method"`
	Path      string   `json:"path"`
	Query     string   `json:"query,omitempty"`
	Binary    string   `json:"binary"`
	Ancestors []string `json:"ancestors,omitempty"`    // nearest first
	Tainted   string   `json:"tainted,omitempty"`      // see Caller
	Missing   string   `json:"rule_missing,omitempty"` // Decision.RuleMissing: what the body asked for stands only there
}

// demand is what a denied request asked for, as an engine and as rules can say it.
type demand struct {
	protocol string     // of an endpoint that would allow it; "" for a connection
	selector string     // of an endpoint that reads what is asked for
	rules    []RuleSpec // all of one endpoint
	actions  []Action
}

// demand reads what was wanted. Where what a body asked for is not known, a rule
// about the method and path would allow everything that can be asked there.
func (w Wanted) demand() (d demand, known bool) {
	if w.Method == "" {
		return demand{}, true
	}
	if d, known = w.named(); known {
		return d, true
	}
	if !slices.Contains([]string{"", REST, layerConnection}, w.Protocol) || w.isPush() {
		return demand{protocol: w.Protocol}, false
	}
	return demand{protocol: REST, rules: []RuleSpec{{Method: w.Method, Path: literalGlob(w.Path)}}}, true
}

func (w Wanted) isUnknown() bool {
	_, known := w.demand()
	return !known
}

func (w Wanted) isPush() bool {
	j := judged{bit: methodBit(strings.ToUpper(w.Method)), path: w.Path}
	return j.isPush()
}

func (w Wanted) sharesEndpoint(other Wanted) bool {
	a, _ := w.demand()
	b, _ := other.demand()
	return a.selector == b.selector && (a.protocol == b.protocol || a.protocol == "" || b.protocol == "")
}

// Judge decides again what was denied, as far as the record tells: the refs of a
// push that it does not name are refused where refs are judged.
func (e *Engine) Judge(w Wanted) Decision {
	a := e.Connect(w.destination())
	if a.Decision.Verdict == Denied || !a.Inspect || w.Method == "" {
		return a.Decision
	}
	d, known := w.demand()
	r := Request{Method: w.Method, Path: w.Path, Query: w.Query, Actions: d.actions}
	if !known {
		r.Unread = unrecorded
	}
	if d.protocol != WebSocket {
		return a.Request(r)
	}
	upgrade := Request{Method: "GET", Path: w.Path, Query: w.Query, Upgrade: true, Unread: r.Unread}
	if first := a.Request(upgrade); first.Verdict == Denied {
		return first
	}
	return a.Message(r)
}

func (w Wanted) destination() Destination {
	return Destination{
		Host: w.Host, Port: w.Port,
		Caller: Caller{Exe: w.Binary, Ancestors: w.Ancestors, Tainted: w.Tainted},
	}
}

// unrecorded stands for everything that a body may have asked for.
var unrecorded = map[string]string{
	Git: notRecorded, GraphQL: notRecorded, MCP: notRecorded, JSONRPC: notRecorded,
}

const notRecorded = "what it asked for is not in the record"

// named reads what the line that was missing names. The line has text of the
// sandbox in it, so it must be, byte for byte, what the engine writes for what it
// is read as: no pattern, no second endpoint and no other place gets in.
func (w Wanted) named() (d demand, ok bool) {
	e := readEndpoint(w.Missing)
	if e == nil || e.Protocol != cmp.Or(w.Protocol, REST) && (e.Protocol != WebSocket || w.Protocol != REST) {
		return d, false // an upgrade is denied as a request, and wants a WebSocket
	}
	d = demand{protocol: e.Protocol}
	for i := range e.Rules {
		d.rules = append(d.rules, specOf(&e.Rules[i]))
		if a, is := actionOf(e.Protocol, &e.Rules[i]); is {
			d.actions = append(d.actions, a)
		}
	}
	if e.Protocol != REST {
		d.selector = literalGlob(w.Path)
	}
	return d, w.line(&d) == w.Missing
}

// line is what the engine would say is missing.
func (w Wanted) line(d *demand) string {
	r := Request{Path: w.Path, Query: w.Query, Upgrade: d.protocol == WebSocket, Actions: d.actions}
	j := r.judged(strings.ToUpper(w.Method))
	if j.upgrade && len(d.actions) > 0 {
		j.method = SocketText
	}
	a := Admission{dest: w.destination()}
	return a.endpointMissing(&j, d.protocol)
}
