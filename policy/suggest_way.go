package policy

import (
	"fmt"
	"slices"
	"strings"
)

// newRules adds rules to an endpoint the program may already use.
func (p *Policy) newRules(group []Wanted) []Option {
	var ways []Option
	d, _ := group[0].demand()
	p.endpointsFor(group[0], func(b *Block, e *Endpoint) {
		if e.Protocol != d.protocol || !b.admits(group[0]) {
			return
		}
		way := Option{Risk: wider(e.Host != group[0].Host || d.selector != "" && e.Path != d.selector)}
		for _, rule := range rulesFor(group) {
			if slices.ContainsFunc(e.Rules, rule.match().same) {
				continue
			}
			way.Operations = append(way.Operations, Operation{
				Op: OpAddRule, Block: b.Key, Host: e.Host, Port: group[0].Port, Path: e.Path, Rule: &rule,
			})
			way.Permits = append(way.Permits, fmt.Sprintf("the programs of block %s (%s) may %s",
				b.Key, b.programs(), rule.permit(group[0])))
		}
		way = b.withSlash(way, e, group)
		if len(way.Operations) > 0 && len(way.Operations) <= maxOperations {
			ways = append(ways, p.least(way, group))
		}
	})
	return ways
}

// newBlock grants the program exactly what it wanted, and nobody else anything.
func (p *Policy) newBlock(group []Wanted) []Option {
	only := false
	binary := BinarySpec{Path: literalGlob(group[0].Binary), Descendants: &only}
	endpoint := endpointFor(group)
	way := Option{
		Risk: wider(p.isWritable(group[0].Binary)),
		Operations: []Operation{{
			Op: OpAddBlock, Block: p.freeKey(group[0]),
			Endpoints: []EndpointSpec{endpoint}, Binaries: []BinarySpec{binary},
		}},
	}
	for _, permit := range endpoint.permits(group[0]) {
		way.Permits = append(way.Permits, group[0].Binary+", and not what it starts, may "+permit)
	}
	if endpoint.Protocol == "" {
		way.Risk = RiskWide // nobody sees what is exchanged
	}
	if p.isWritable(group[0].Binary) {
		way.Permits = append(way.Permits, "the agent can write to "+group[0].Binary+", so this permits any program")
	}
	if group[0].Tainted != "" {
		way.Risk = RiskWide
		way.Permits = append(way.Permits, group[0].permitTainted()...)
	}
	return []Option{way}
}

// newBinary lets the program into a block that reaches the host already.
func (p *Policy) newBinary(group []Wanted) []Option {
	var ways []Option
	only := false
	p.endpointsFor(group[0], func(b *Block, _ *Endpoint) {
		if b.admits(group[0]) || slices.ContainsFunc(ways, func(o Option) bool { return o.Operations[0].Block == b.Key }) {
			return
		}
		ways = append(ways, Option{
			Risk: RiskWide,
			Operations: []Operation{{
				Op: OpAddBinary, Block: b.Key,
				Binary: &BinarySpec{Path: literalGlob(group[0].Binary), Descendants: &only},
			}},
			Permits: append(group[0].permitTainted(),
				fmt.Sprintf("%s may do all that block %s allows: %s", group[0].Binary, b.Key, b.destinations())),
		})
	})
	return ways
}

// permitTainted says what it means to grant something to a program that runs the agent's own code.
func (w Wanted) permitTainted() []string {
	if w.Tainted == "" {
		return nil
	}
	return []string{w.Binary + " is tainted (" + w.Tainted + "), so this permits whatever code the agent loads into it"}
}

// newEndpoint lets all programs of a block the program is in reach the host, or ask
// for what is read there by an endpoint of its own.
func (p *Policy) newEndpoint(group []Wanted) []Option {
	var ways []Option
	d, _ := group[0].demand()
	reached := slices.ContainsFunc(p.Blocks, func(b Block) bool { return b.reaches(group[0]) })
	if reached && d.selector == "" {
		return nil // what reaches it already is the place to add to
	}
	for i := range p.Blocks {
		if b := &p.Blocks[i]; b.admits(group[0]) && b.reaches(group[0]) == reached {
			ways = append(ways, p.withEndpoint(b, group))
		}
	}
	return ways
}

func (p *Policy) withEndpoint(b *Block, group []Wanted) Option {
	endpoint := endpointFor(group)
	way := Option{
		Risk:       wider(endpoint.Protocol == "" || p.isWritable(group[0].Binary) || b.adds(group[0])),
		Operations: []Operation{{Op: OpAddEndpoint, Block: b.Key, Endpoint: &endpoint}},
	}
	for _, permit := range endpoint.permits(group[0]) {
		way.Permits = append(way.Permits, fmt.Sprintf("the programs of block %s (%s) may %s", b.Key, b.programs(), permit))
	}
	return way
}

// adds says whether an endpoint in the block would bring the host to more than the program that wanted it. One binary
// can be many programs: a glob, or what it starts.
func (b *Block) adds(w Wanted) bool {
	if len(b.Binaries) != 1 || w.Tainted != "" {
		return true
	}
	only := b.Binaries[0]
	return !b.reaches(w) && (only.Descendants || only.Path != literalGlob(w.Binary))
}

func wider(wide bool) string {
	if wide {
		return RiskWide
	}
	return RiskNarrow
}

// endpointsFor visits the endpoints that lead to where w wanted to go.
func (p *Policy) endpointsFor(w Wanted, visit func(*Block, *Endpoint)) {
	for i := range p.Blocks {
		for j := range p.Blocks[i].Endpoints {
			e := &p.Blocks[i].Endpoints[j]
			if hostsMeet(e.Host, w.Host) && slices.Contains(e.Ports, w.Port) {
				visit(&p.Blocks[i], e)
			}
		}
	}
}

func (b *Block) reaches(w Wanted) bool {
	return slices.ContainsFunc(b.Endpoints, func(e Endpoint) bool {
		return hostsMeet(e.Host, w.Host) && slices.Contains(e.Ports, w.Port)
	})
}

// admits says whether one of the block's binaries means the program, or an
// ancestor where that is enough.
func (b *Block) admits(w Wanted) bool {
	return slices.ContainsFunc(b.Binaries, func(have Binary) bool {
		g, err := compileGlob(globBinary, have.Path, false)
		if err != nil || have.Untainted && w.Tainted != "" {
			return false
		}
		return g.match(w.Binary) || have.Descendants && slices.ContainsFunc(w.Ancestors, g.match)
	})
}

// programs are the block's binaries, for people.
func (b *Block) programs() string {
	var paths []string
	for _, binary := range b.Binaries {
		path := binary.Path
		if binary.Descendants {
			path += " and what it starts"
		}
		if binary.Untainted {
			path += ", untainted"
		}
		paths = append(paths, path)
	}
	return strings.Join(paths, ", ")
}

func (b *Block) destinations() string {
	var all []string
	for i := range b.Endpoints {
		all = append(all, b.Endpoints[i].destination())
	}
	return strings.Join(all, ", ")
}

func (p *Policy) isWritable(binary string) bool {
	return slices.ContainsFunc(writableGlobs(p, nil), func(glob string) bool {
		return strings.HasPrefix(binary, strings.TrimSuffix(glob, "**"))
	})
}
