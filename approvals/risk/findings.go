package risk

import (
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"

	"exeat/policy"
)

// finder collects the findings about a change.
type finder struct {
	before       *policy.Policy
	candidate    *policy.Policy
	base         []string // hosts in force
	credentialed []string
	found        []Finding
}

func (f *finder) add(code string, severity Severity, format string, args ...any) {
	f.found = append(f.found, Finding{code, severity, fmt.Sprintf(format, args...)})
}

// all looks at every new grant, and at what the candidate says beside grants.
func (f *finder) all(added []grant, lost bool) {
	seen := map[string]bool{}
	once := func(key string) bool {
		first := !seen[key]
		seen[key] = true
		return first
	}
	writable := writableBinaries(f.candidate)
	for _, g := range added {
		f.request(g)
		f.lends(g)
		if once("host " + g.host) {
			f.host(g.host)
		}
		if once(fmt.Sprint("binary ", g.binary, g.descendants)) {
			f.binary(g, writable[g.binary])
		}
	}
	f.settings()
	f.liberties()
	f.paths()
	if lost {
		f.add(LostDenial, Medium, "a deny rule goes away, and deny rules stand above every other block")
	}
}

// request looks at what is asked of a host.
func (f *finder) request(g grant) {
	where := fmt.Sprintf("%s:%d", g.host, g.port)
	switch {
	case g.raw.any:
		f.add(Uninspected, High, "%s is not inspected: any request, and any other protocol, goes through", where)
	case g.audit:
		f.add(AuditPermits, High, "%s is in audit: everything is forwarded, its rules only record", where)
	case g.git != (byGit{}):
		f.push(g, where)
	case g.methods == nil && g.path == "":
		f.add(AccessFull, High, "every method on every path of %s is allowed, deletion included", where+g.selector)
	case g.writes() && g.path == "" && g.selector == "":
		f.add(AnyPath, Medium, "%s may be written to on every path", where)
	case g.methods == nil:
		f.add(WriteMethod, Medium, "every method, deletion included, is allowed on %s", where+g.below())
	case g.writes():
		f.add(WriteMethod, Low, "%s may change things at %s", g.verbs(), where+g.below())
	}
}

func (g grant) writes() bool {
	return g.methods == nil || slices.ContainsFunc(g.methods, func(m string) bool { return !slices.Contains(readMethods, m) })
}

// verbs are the methods of a grant that write.
func (g grant) verbs() string {
	return and(slices.DeleteFunc(slices.Clone(g.methods), func(m string) bool { return slices.Contains(readMethods, m) }))
}

// host looks at a name that newly granted requests go to.
func (f *finder) host(host string) {
	if !slices.Contains(f.base, host) {
		f.add(NewHost, Low, "%s is new: nothing in force names it%s", host, ownedBy(host))
		f.lookalike(host)
	}
	if isWildcard(host) {
		f.add(WildcardHost, Medium, "%s stands for names that nobody has listed", host)
	}
	if what := unusualScript(host); what != "" {
		f.add(Confusable, Medium, "%s %s", host, what)
	}
	if addr, err := netip.ParseAddr(host); err == nil && policy.IsClosed(addr) {
		f.add(PrivateNetwork, High, "%s is an address of a private network", host)
	}
}

// lends looks at whose credentials may be in what is granted.
func (f *finder) lends(g grant) {
	for _, name := range f.credentialed {
		switch {
		case !hostsMeet(g.host, name):
		case g.raw.any:
			f.add(Uninspected, High, "%s has a provider, whose secret is put into inspected requests only: here anybody's key passes unseen", name)
		default:
			f.add(Credentialed, Medium, "the sandbox's credential for %s is put into these requests", name)
		}
	}
}

func (f *finder) lookalike(host string) {
	for _, known := range f.base {
		if oneEdit(bare(host), bare(known)) {
			f.add(SimilarHost, High, "%s differs in one character from %s, which is in force", host, known)
		}
	}
}

// binary looks at who is granted something.
func (f *finder) binary(g grant, writable bool) {
	name := path.Base(g.binary)
	switch {
	case writable:
		f.add(WritableBinary, High, "the agent can write %s, so this is granted to any program", g.binary)
	case strings.HasPrefix(name, "*") && strings.HasSuffix(name, "*"):
		f.add(AnyBinary, High, "%s names no program: every one in that directory is granted this", g.binary)
	case isInterpreter(name) && g.descendants:
		f.add(Interpreter, Medium, "%s runs whatever it is given, and all it starts is granted this too", g.binary)
	case isInterpreter(name):
		f.add(Interpreter, Low, "%s runs whatever script it is given", g.binary)
	}
}

// writableBinaries are the binaries of p that the agent can replace.
func writableBinaries(p *policy.Policy) map[string]bool {
	flagged := map[string]bool{}
	for _, finding := range policy.Check(p) {
		if finding.Code == policy.FindingWritableBinary {
			flagged[finding.Path] = true
		}
	}
	out := map[string]bool{}
	for _, block := range p.Blocks {
		for i, binary := range block.Binaries {
			if flagged[fmt.Sprintf("network_policies.%s.binaries[%d].path", block.Key, i)] {
				out[binary.Path] = true
			}
		}
	}
	return out
}
