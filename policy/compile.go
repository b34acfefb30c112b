package policy

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Options is what an engine must know besides the policy.
type Options struct {
	// Aliases gives other exact paths that a binaries[].path also means: the
	// targets of symlinks, the agent's own program. It may be nil.
	Aliases func(path string) []string
}

// Engine decides by one policy. It is immutable and safe for concurrent use.
type Engine struct {
	hosts    hostIndex
	readOnly ruleSet // of uninspected endpoints beside inspected ones
	fills    bool
}

// Fills reports that an endpoint lets credentials be put into bodies or messages: what a host keeps of those, it shows
// to requests without a credential too.
func (e *Engine) Fills() bool { return e.fills }

// Names tells whether an endpoint is for this host, whoever asks, and whether one has it without a wildcard.
func (e *Engine) Names(host string) (named, literally bool) {
	if n := e.hosts.nodes[host]; n != nil && len(n.exact) > 0 {
		return true, true
	}
	for range e.hosts.matching(host) {
		return true, false
	}
	return false, false
}

// Compile makes the engine of a policy. The engine is nil if and only if a
// problem is an error, which no policy that Parse accepts gives.
func Compile(p *Policy, o Options) (*Engine, Problems) {
	c := &compiler{
		engine:  &Engine{hosts: hostIndex{nodes: map[string]*hostNode{}}},
		globs:   map[globKey]*glob{},
		aliases: o.Aliases,
	}
	c.engine.readOnly = newRuleSet(c.fetchOnly())
	for i := range p.Blocks {
		c.block(&p.Blocks[i])
	}
	if c.problems.HasErrors() {
		return nil, c.problems
	}
	return c.engine, c.problems
}

// compiler builds an engine.
type compiler struct {
	engine   *Engine
	globs    map[globKey]*glob // equal patterns share one
	aliases  func(string) []string
	problems Problems
}

type globKey struct {
	kind    globKind
	pattern string
	fold    bool
}

// site is where in the policy something stands, for problems.
type site struct {
	path string
	pos  Position
}

func (c *compiler) fail(at site, format string, args ...any) {
	c.problems = append(c.problems, Problem{
		Position: at.pos, Path: at.path, Message: fmt.Sprintf(format, args...), Severity: SeverityError,
	})
}

// glob compiles a pattern; on a mistake it reports it and returns nil, and the
// engine is not used.
func (c *compiler) glob(at site, key globKey) *glob {
	if g := c.globs[key]; g != nil {
		return g
	}
	g, err := compileGlob(key.kind, key.pattern, key.fold)
	if err != nil {
		c.fail(at, "%q: %v", key.pattern, err)
		return nil
	}
	c.globs[key] = g
	return g
}

// fetchOnly is `access: read-only` and what git needs to fetch.
func (c *compiler) fetchOnly() []rule {
	fetch := c.glob(site{}, globKey{kind: globPath, pattern: "/**" + endFetch})
	return []rule{
		{methods: methods{known: methodsReadOnly}},
		{methods: methods{known: methodPost}, path: fetch},
	}
}

func (c *compiler) block(b *Block) {
	compiled := &block{key: b.Key}
	for i := range b.Binaries {
		at := site{fmt.Sprintf("%s.binaries[%d].path", blockPath(b.Key), i), b.Binaries[i].Pos}
		compiled.binaries = append(compiled.binaries, c.binary(at, &b.Binaries[i]))
	}
	for i := range b.Endpoints {
		at := site{endpointPath(b.Key, i), b.Endpoints[i].Pos}
		e := c.endpoint(at, &b.Endpoints[i])
		e.block = compiled
		e.describe(&b.Endpoints[i])
		c.engine.hosts.add(e, b.Endpoints[i].Host)
	}
}

func (c *compiler) binary(at site, b *Binary) binary {
	compiled := binary{
		path:        c.glob(at, globKey{kind: globBinary, pattern: b.Path}),
		descendants: b.Descendants,
		untainted:   b.Untainted,
	}
	if c.aliases != nil {
		compiled.aliases = slices.Clone(c.aliases(b.Path))
	}
	return compiled
}

func (c *compiler) endpoint(at site, e *Endpoint) *endpoint {
	compiled := &endpoint{
		ports:        slices.Clone(e.Ports),
		protocol:     e.Protocol,
		audit:        e.Enforcement == Audit,
		skipTLS:      e.TLS == tlsSkip,
		encodedSlash: e.AllowEncodedSlash,
		ips:          c.prefixes(at, e.AllowedIPs),
	}
	if host := c.glob(at, globKey{kind: globHost, pattern: e.Host}); isPartial(e.Host) {
		compiled.host = host
	}
	if e.Path != "" {
		compiled.selector = c.glob(at, globKey{kind: globPath, pattern: e.Path})
		compiled.selectorFold = c.glob(at, globKey{globPath, e.Path, true})
		compiled.exact = !strings.ContainsAny(e.Path, "*?[")
	}
	allow := c.allowRules(at, e)
	compiled.allow = newRuleSet(allow)
	var deny []rule
	for i := range e.DenyRules {
		deny = append(deny, c.protocolRule(at, e.Protocol, &e.DenyRules[i], true))
	}
	compiled.deny, compiled.denies = newRuleSet(deny), len(deny) > 0
	compiled.deniesActions = slices.ContainsFunc(deny, func(r rule) bool { return r.action != nil })
	compiled.parameters = slices.ContainsFunc(slices.Concat(allow, deny), func(r rule) bool { return r.action != nil && len(r.action.params) > 0 })
	compiled.options = newOptions(e)
	c.engine.fills = c.engine.fills || compiled.options.rewriteBody || compiled.options.rewriteMessages
	return compiled
}

// isPartial reports a host pattern that the index alone does not decide.
func isPartial(pattern string) bool {
	first, _, _ := strings.Cut(pattern, ".")
	return isWildcard(first) && first != "*" && first != "**"
}

func (c *compiler) prefixes(at site, cidrs []string) []netip.Prefix {
	var prefixes []netip.Prefix
	for _, cidr := range cidrs {
		prefix, err := netip.ParsePrefix(cidr)
		if err != nil {
			c.fail(at, "%q is no CIDR prefix", cidr)
			continue
		}
		prefixes = append(prefixes, prefix.Masked())
	}
	return prefixes
}
