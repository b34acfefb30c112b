package policy

import (
	"fmt"
	"slices"
	"strings"
)

// unread finds rules of protocol rest for one path at which another endpoint of the same programs reads what is asked for:
// they add nothing there, see readsAt.
func (c *checker) unread(path string, b *Block, e *Endpoint) {
	if e.Protocol != REST || e.Path != "" {
		return
	}
	for i, rule := range e.Rules {
		if rule.Git != nil || rule.Path == "" || strings.ContainsAny(rule.Path, "*?[") {
			continue
		}
		if by := c.policy.reader(b, e, rule.Path); by != nil {
			c.add(FindingUnreadRule, fmt.Sprintf("%s.rules[%d].allow", path, i), rule.Pos, fmt.Sprintf(
				"this adds nothing: %s at %s reads what is asked for there", by.Protocol, by.destination())).
				Hint = "write a rule for that endpoint"
		}
	}
}

// reader is an endpoint that reads what is asked for at a path, for every program of the block.
func (p *Policy) reader(b *Block, e *Endpoint, path string) *Endpoint {
	for i := range p.Blocks {
		if !p.Blocks[i].coversBinaries(b) {
			continue
		}
		for k := range p.Blocks[i].Endpoints {
			other := &p.Blocks[i].Endpoints[k]
			if slices.Contains([]string{GraphQL, MCP, JSONRPC}, other.Protocol) && other.Host == e.Host && other.readsOnly(path) &&
				!slices.ContainsFunc(e.Ports, func(port int) bool { return !slices.Contains(other.Ports, port) }) {
				return other
			}
		}
	}
	return nil
}

// readsOnly reports that the endpoint names a path, and this one is meant.
func (e *Endpoint) readsOnly(path string) bool {
	selector, err := compileGlob(globPath, e.Path, true)
	return e.Path != "" && err == nil && selector.match(strings.ToLower(path))
}

// coversBinaries reports that the block admits whoever other admits, as far as their texts say.
func (b *Block) coversBinaries(other *Block) bool {
	return !slices.ContainsFunc(other.Binaries, func(binary Binary) bool {
		return !slices.ContainsFunc(b.Binaries, func(have Binary) bool {
			return have.Path == binary.Path && (have.Descendants || !binary.Descendants)
		})
	})
}
