package policy

import (
	"net/netip"
	"slices"
)

// endpoint is one compiled endpoint.
type endpoint struct {
	block        *block
	host         *glob // of a partial wildcard; nil where the index decides
	ports        []int
	protocol     string
	selector     *glob // nil for every path
	selectorFold *glob
	exact        bool // the selector is one path
	allow, deny  ruleSet
	denies       bool // there are deny rules
	options      options
	parameters   bool // rules look at those of calls

	deniesActions bool // some of them are about actions

	audit        bool
	skipTLS      bool
	encodedSlash bool
	ips          []netip.Prefix

	text     string // as written, for people
	narrowed string // the same where it is read as read-only
	allowed  []Ref  // what a decision says when this endpoint allows
	reads    []Ref  // the same where it is read as read-only
}

// describe prepares the words of decisions, so that allowing makes none.
func (e *endpoint) describe(source *Endpoint) {
	e.text = source.destination()
	e.narrowed = e.text + " (read as " + readOnlyInstead + ")"
	e.allowed = []Ref{{Block: e.block.key, Endpoint: e.text, Effect: effectAllow}}
	e.reads = []Ref{{Block: e.block.key, Endpoint: e.narrowed, Effect: effectAllow}}
}

func (e *endpoint) inspected() bool { return inspects(e.protocol) }

func (e *endpoint) hasPort(port int) bool { return slices.Contains(e.ports, port) }

// speaks reports that the endpoint is one to ask for leave: its selector
// matches the path as it stands.
func (e *endpoint) speaks(j *judged) bool { return e.selector == nil || e.selector.match(j.path) }

// forbids reports that the endpoint is one to ask for denials: its selector
// matches whatever the path may be taken for.
func (e *endpoint) forbids(j *judged) bool { return e.selector == nil || j.anyForm(e.selectorFold) }

// block is one compiled block.
type block struct {
	key      string
	binaries []binary
}

// binary is one compiled binary.
type binary struct {
	path        *glob
	aliases     []string
	descendants bool
	untainted   bool
}

func (b *binary) is(path string) bool {
	return b.path.match(path) || slices.Contains(b.aliases, path)
}

// matches looks at the caller's name alone.
func (b *binary) matches(c *Caller) bool {
	return b.is(c.Exe) || b.descendants && slices.ContainsFunc(c.Ancestors, b.is)
}

// admits reports whether the block grants its endpoints to the caller.
func (b *block) admits(c *Caller) bool {
	for i := range b.binaries {
		if bin := &b.binaries[i]; (!bin.untainted || c.Tainted == "") && bin.matches(c) {
			return true
		}
	}
	return false
}

// shuns reports that the block would admit the caller, were it not tainted.
func (b *block) shuns(c *Caller) bool {
	return c.Tainted != "" && !b.admits(c) && slices.ContainsFunc(b.binaries, func(bin binary) bool { return bin.matches(c) })
}

// parts are the endpoints that take part in a decision; the usual few of them
// need no memory of their own.
type parts struct {
	few  [6]*endpoint
	n    int
	more []*endpoint
}

func (p *parts) add(e *endpoint) {
	if p.n < len(p.few) {
		p.few[p.n] = e
	} else {
		p.more = append(p.more, e)
	}
	p.n++
}

func (p *parts) at(i int) *endpoint {
	if i < len(p.few) {
		return p.few[i]
	}
	return p.more[i-len(p.few)]
}
