package main

import (
	"fmt"
	"net"
	"strconv"

	"exeat/policy"
)

// benchPolicy has some five hundred rules, of which a request meets those of its own host.
func benchPolicy(port int) *policy.Policy {
	p := &policy.Policy{Version: 1}
	add := func(e policy.Endpoint) {
		e.Ports, e.Enforcement = []int{port}, policy.Enforce
		p.Blocks = append(p.Blocks, policy.Block{
			Key: fmt.Sprintf("block%02d", len(p.Blocks)), Endpoints: []policy.Endpoint{e},
			Binaries: []policy.Binary{{Path: "/usr/bin/curl"}, {Path: "/usr/bin/git", Descendants: true}},
		})
	}
	for host := range 48 {
		add(policy.Endpoint{Host: fmt.Sprintf("api%d.example.com", host), Protocol: policy.REST, Rules: manyRules()})
	}
	for _, host := range []string{hostSecret, hostInspected} {
		add(policy.Endpoint{Host: host, Protocol: policy.REST, Rules: append(manyRules(), usedRules()...)})
	}
	add(policy.Endpoint{Host: hostUninspected})
	return p
}

func manyRules() []policy.Match {
	var rules []policy.Match
	for i := range 10 {
		rules = append(rules, policy.Match{Method: "GET", Path: fmt.Sprintf("/repos/acme/project%d/**", i)})
	}
	return rules
}

// usedRules allow what the bench's client asks for.
func usedRules() []policy.Match {
	return []policy.Match{{Method: "GET", Path: "/small"}, {Method: "GET", Path: "/large/*"}, {Method: "POST", Path: "/upload"}}
}

func portOf(address string) (int, error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(port)
}
