package policy

import (
	"fmt"
	"strings"
)

// Layers of a decision, and the protocol of one that no inspector made.
const (
	layerConnection = "l4"
	layerRequest    = "l7"
	protocolNone    = "l4"
)

// noBlock is the name of the verdict where no block came close.
const noBlock = "-"

// Connect decides whether the caller may connect to the destination, and which
// endpoints judge what it then asks. One block must grant both: the caller of
// one block and the endpoint of another never meet.
func (e *Engine) Connect(d Destination) Admission {
	a := Admission{engine: e, dest: d}
	if d.Caller.Unknown != "" || d.Caller.Exe == "" {
		a.Decision = a.unknownCaller()
		return a
	}
	var seen *block
	admits, shuns, inspected := false, false, false
	for ep := range e.hosts.matching(d.Host) {
		if !ep.hasPort(d.Port) {
			continue
		}
		// Whoever the caller is: what one endpoint inspects, none leaves open.
		inspected = inspected || ep.inspected()
		if ep.block != seen {
			seen, admits, shuns = ep.block, ep.block.admits(&d.Caller), ep.block.shuns(&d.Caller)
		}
		switch {
		case admits:
			a.parts.add(ep)
		case shuns && ep.protocol != TCP: // or a program would shed deny rules by loading a library
			a.shuns.add(ep)
		}
	}
	if a.parts.n == 0 {
		a.Decision = a.refused()
		return a
	}
	a.settle(inspected)
	return a
}

// settle sums up the endpoints that admit the connection.
func (a *Admission) settle(inspected bool) {
	var first *endpoint
	for i := range a.parts.n {
		e := a.parts.at(i)
		first = least(first, e)
		a.SkipTLS = a.SkipTLS || e.skipTLS && !inspected
		a.EncodedSlash = a.EncodedSlash || e.encodedSlash
		if a.AllowedIPs == nil {
			a.AllowedIPs = e.ips[:len(e.ips):len(e.ips)]
		} else {
			a.AllowedIPs = append(a.AllowedIPs, e.ips...)
		}
	}
	a.Inspect = inspected
	a.Decision = Decision{
		Verdict: Allowed, Layer: layerConnection, Protocol: protocolNone,
		Policy: first.block.key, By: first.permits(inspected),
	}
}

// least is the endpoint whose block has the smaller key, of those that are set.
func least(a, b *endpoint) *endpoint {
	if a == nil || b.block.key < a.block.key {
		return b
	}
	return a
}

// permits is what a decision says of the endpoint that allows.
func (e *endpoint) permits(inspect bool) []Ref {
	if inspect && !e.inspected() {
		return e.reads
	}
	return e.allowed
}

// deny is a denial of the connection.
func (a *Admission) deny(code Code, policy, reason string) Decision {
	return Decision{
		Verdict: Denied, Code: code, Layer: layerConnection, Protocol: protocolNone,
		Policy: policy, Reason: reason, By: a.refs(nil),
	}
}

func (a *Admission) unknownCaller() Decision {
	why := a.dest.Caller.Unknown
	if why == "" {
		why = "no executable"
	}
	return a.deny(CodeIdentity, noBlock, "unknown caller: "+why)
}

// refused is the denial of a connection that no block admits, named after the
// block that came closest: it lacks the binary, or only the port.
func (a *Admission) refused() Decision {
	var tainted, binary, port *endpoint
	for e := range a.engine.hosts.matching(a.dest.Host) {
		switch {
		case !e.hasPort(a.dest.Port):
			port = least(port, e)
		case e.block.shuns(&a.dest.Caller):
			tainted = least(tainted, e)
		default:
			binary = least(binary, e)
		}
	}
	switch {
	case tainted != nil:
		return a.missing(a.deny(CodePolicy, tainted.block.key, fmt.Sprintf(
			"%s not permitted to %s, which is tainted (%s): %s wants it untainted",
			a.target(), a.dest.Caller.Exe, a.dest.Caller.Tainted, tainted.block.key)))
	case binary != nil:
		return a.missing(a.deny(CodePolicy, binary.block.key,
			fmt.Sprintf("%s not permitted to %s by policy", a.target(), a.dest.Caller.Exe)))
	case port != nil:
		return a.missing(a.deny(CodePolicy, port.block.key, a.target()+" not permitted by policy"))
	}
	return a.missing(a.deny(CodePolicy, noBlock, a.target()+" not permitted by policy"))
}

// missing adds what would allow the connection.
func (a *Admission) missing(d Decision) Decision {
	d.RuleMissing = a.blockMissing(nil)
	return d
}

// target is the destination as people write it.
func (a *Admission) target() string {
	host := a.dest.Host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return fmt.Sprintf("%s:%d", host, a.dest.Port)
}
