package policy

import (
	"math/rand/v2"
	"strconv"
)

// generator makes small policies and requests that often meet.
type generator struct{ *rand.Rand }

func pick[T any](g generator, from ...T) T { return from[g.IntN(len(from))] }

func (g generator) policy() *Policy {
	p := &Policy{Version: 1, Landlock: Landlock{Compatibility: BestEffort}}
	for _, key := range []string{"a", "b", "c"}[:1+g.IntN(3)] {
		b := Block{Key: key, Name: key}
		for range 1 + g.IntN(3) {
			b.Endpoints = append(b.Endpoints, g.endpoint())
		}
		for range 1 + g.IntN(2) {
			path := pick(g, "/bin/x", "/bin/y", "/bin/*", "/opt/**/x")
			b.Binaries = append(b.Binaries, Binary{Path: path, Descendants: g.IntN(2) > 0, Untainted: g.IntN(4) == 0})
		}
		p.Blocks = append(p.Blocks, b)
	}
	return p
}

func (g generator) endpoint() Endpoint {
	e := Endpoint{
		Host:        pick(g, "h.x.com", "h.x.com", "*.x.com", "**.x.com", "h*.x.com", "x.com"),
		Ports:       pick(g, []int{443}, []int{443}, []int{80, 443}, []int{80}),
		Protocol:    pick(g, REST, REST, REST, REST, "", GraphQL, TCP),
		Enforcement: pick(g, Enforce, Enforce, Enforce, Audit),
	}
	if !e.inspected() {
		e.Enforcement = Enforce
		return e
	}
	e.Path = pick(g, "", "", "/a/**", "/a")
	if e.Protocol == GraphQL {
		g.operations(&e)
		return e
	}
	e.AllowEncodedSlash = g.IntN(3) == 0
	e.Access = pick(g, "", "", ReadOnly, ReadWrite, Full)
	for e.Access == "" && len(e.Rules) < 1+g.IntN(3) {
		e.Rules = append(e.Rules, g.rule())
	}
	for range g.IntN(2) * g.IntN(3) {
		e.DenyRules = append(e.DenyRules, g.rule())
	}
	if e.Access == "" && g.IntN(4) == 0 {
		e.Rules = append(e.Rules, g.padding()...)
		e.DenyRules = append(e.DenyRules, g.padding()...)
	}
	return e
}

// operations gives a GraphQL endpoint what it allows and denies.
func (g generator) operations(e *Endpoint) {
	rule := func() Match {
		m := Match{Options: map[string][]string{"operation_type": {pick(g, "query", "mutation", "*")}}}
		if g.IntN(2) == 0 {
			m.Options["fields"] = pick(g, []string{"f"}, []string{"f", "g"}, []string{"*"})
		}
		return m
	}
	e.Access = pick(g, "", ReadOnly, ReadWrite, Full)
	for e.Access == "" && len(e.Rules) < 1+g.IntN(2) {
		e.Rules = append(e.Rules, rule())
	}
	if g.IntN(3) == 0 {
		e.DenyRules = append(e.DenyRules, rule())
	}
}

// padding is enough rules that no request matches for an index to be made.
func (g generator) padding() []Match {
	var rules []Match
	for i := range manyRules {
		rules = append(rules, Match{Method: "*", Path: "/" + pick(g, "a/", "", "pad/") + "p" + strconv.Itoa(i) + "/**"})
	}
	return rules
}

func (g generator) rule() Match {
	m := Match{
		Method: pick(g, "*", "GET", "POST", "HEAD", "DELETE", "PROPFIND"),
		Path:   pick(g, "/**", "/a/**", "/a", "/a/*", "/**/b", "/*/b*", "/a/b"),
	}
	if g.IntN(4) == 0 {
		m.Query = map[string][]string{pick(g, "k", "l"): {pick(g, "*", "v", "v*")}}
		if g.IntN(2) == 0 {
			m.Query["k"] = []string{"v", "w"}
		}
	}
	return m
}

func (g generator) destination() Destination {
	d := Destination{
		Host: pick(g, "h.x.com", "h.x.com", "g.x.com", "hh.x.com", "d.h.x.com", "x.com", "y.com"),
		Port: pick(g, 443, 443, 80, 22),
		Caller: Caller{
			Exe:       pick(g, "/bin/x", "/bin/y", "/opt/x", "/opt/a/b/x", "/usr/z"),
			Ancestors: pick(g, nil, []string{"/bin/x"}, []string{"/usr/z", "/opt/x"}),
		},
	}
	if g.IntN(3) == 0 {
		d.Caller.Tainted = "/sandbox/e\"v\nil.so"
	}
	if g.IntN(20) == 0 {
		d.Caller.Unknown = "gone"
	}
	return d
}

func (g generator) request() Request {
	r := Request{
		Method: pick(g, "GET", "GET", "HEAD", "POST", "DELETE", "PROPFIND", "get"),
		Path: pick(g, "/", "/a", "/a/", "/a/b", "/A/b", "//a", "/a;x", "/a/c/b", "/a%2Fb", "/b", "/x/b;y/",
			"/a/b/git-upload-pack", "/%40", "/a/%2e"),
		Query: pick(g, "", "", "", "k=v", "k=w&l=v", "k=v&k=z", "l=v1;k=v", "_method=POST", "%6b=v", "a=%z"),
	}
	for range g.IntN(3) {
		r.Actions = append(r.Actions, Action{
			Protocol: GraphQL, Kind: pick(g, "query", "mutation", "subscription"), Fields: pick(g, nil, []string{"f"}, []string{"f", "g"}, []string{"h"}),
		})
	}
	if g.IntN(10) == 0 {
		r.Actions, r.Unread = nil, map[string]string{GraphQL: "it is no JSON"}
	}
	return r
}
