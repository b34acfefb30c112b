package policy_test

import (
	"fmt"
	"testing"

	"exeat/policy"
)

// benchmarkPolicy has rules in endpoints of perHost each: a tenth of the hosts
// are wildcards, a tenth of the rules deny.
func benchmarkPolicy(rules, perHost int) *policy.Policy {
	p := &policy.Policy{Version: 1}
	for host := range rules / perHost {
		e := policy.Endpoint{
			Host: fmt.Sprintf("api%d.example.com", host), Ports: []int{443},
			Protocol: policy.REST, Enforcement: policy.Enforce,
		}
		if host%10 == 9 {
			e.Host = fmt.Sprintf("*.api%d.example.com", host)
		}
		for rule := range perHost - perHost/10 {
			e.Rules = append(e.Rules, policy.Match{Method: "GET", Path: fmt.Sprintf("/repos/acme/project%d/**", rule)})
		}
		for rule := range perHost / 10 {
			e.DenyRules = append(e.DenyRules, policy.Match{Method: "*", Path: fmt.Sprintf("/repos/*/secret%d/**", rule)})
		}
		p.Blocks = append(p.Blocks, policy.Block{
			Key: fmt.Sprintf("block%06d", host), Endpoints: []policy.Endpoint{e},
			Binaries: []policy.Binary{{Path: "/usr/bin/git", Descendants: true}, {Path: "/usr/lib/git-core/*"}},
		})
	}
	return p
}

type question struct {
	destination policy.Destination
	request     policy.Request
}

// questions ask for the last rules of a host: half are allowed.
func questions(rules, perHost int) []question {
	var out []question
	for i := range 64 {
		host := fmt.Sprintf("api%d.example.com", i*7919%(rules/perHost))
		if (i*7919%(rules/perHost))%10 == 9 {
			host = "x." + host
		}
		path := fmt.Sprintf("/repos/acme/project%d/contents/file.go", perHost-perHost/10-1)
		if i%2 > 0 {
			path = "/repos/acme/other/contents/file.go"
		}
		out = append(out, question{
			policy.Destination{Host: host, Port: 443, Caller: policy.Caller{
				Exe:       "/usr/lib/git-core/git-remote-http",
				Ancestors: []string{"/usr/lib/git-core/git", "/usr/bin/git", "/usr/bin/bash"},
			}},
			policy.Request{Method: "GET", Path: path, Query: "ref=main"},
		})
	}
	return out
}

func benchmarkDecide(b *testing.B, rules, perHost, step int) {
	engine, problems := policy.Compile(benchmarkPolicy(rules, perHost), policy.Options{})
	if engine == nil {
		b.Fatal(problems.Error())
	}
	asked := questions(rules, perHost)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		q := &asked[i%len(asked)]
		a := engine.Connect(q.destination)
		if d := a.Request(q.request); d.Verdict == policy.Denied && step == 2 {
			b.Fatalf("%+v: %+v", q, d)
		}
		i += step
	}
}

// BenchmarkDecide is Connect and Request together, on policies of a few rules
// for each host and on one endpoint with all of them.
func BenchmarkDecide(b *testing.B) {
	for _, rules := range []int{10, 1000, 100000} {
		b.Run(fmt.Sprintf("allow/%d", rules), func(b *testing.B) { benchmarkDecide(b, rules, 10, 2) })
		b.Run(fmt.Sprintf("mixed/%d", rules), func(b *testing.B) { benchmarkDecide(b, rules, 10, 1) })
		b.Run(fmt.Sprintf("one-host/%d", rules), func(b *testing.B) { benchmarkDecide(b, rules, rules, 2) })
	}
}

func BenchmarkCompile(b *testing.B) {
	for _, rules := range []int{500, 100000} {
		p := benchmarkPolicy(rules, 10)
		b.Run(fmt.Sprint(rules), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				policy.Compile(p, policy.Options{})
			}
		})
	}
}

// An allowed request costs no memory, whether or not the path has capitals.
func TestAllowDoesNotAllocate(t *testing.T) {
	engine, _ := policy.Compile(benchmarkPolicy(1000, 10), policy.Options{})
	q := questions(1000, 10)[0]
	allocs := testing.AllocsPerRun(100, func() {
		a := engine.Connect(q.destination)
		if d := a.Request(q.request); d.Verdict != policy.Allowed {
			t.Fatalf("%+v", d)
		}
	})
	if allocs > 0 {
		t.Errorf("got %v allocations, want 0", allocs)
	}
}
