package risk

import (
	"slices"
	"strings"

	"exeat/policy"
)

// tunnel is what passes where nobody looks at requests; zero is nothing.
type tunnel struct {
	any    bool
	except string // patterns of hosts that other endpoints inspect, where this is read as read-only; sorted, with spaces between
	skip   bool   // the name in a TLS greeting is not looked at either
}

// tunnelsOf is what an uninspected endpoint allows at one of its ports. Where another one inspects all of its hosts it is read
// as read-only, and where another inspects some of them it is both.
func tunnelsOf(p *policy.Policy, e *policy.Endpoint, port int) []grant {
	hosts, all := p.InspectedBeside(e, port)
	readOnly := []grant{{methods: readMethods}, {methods: []string{"POST"}, path: "/**/git-upload-pack"}}
	raw := grant{raw: tunnel{any: true, except: strings.Join(hosts, " "), skip: e.TLS != ""}}
	switch {
	case all:
		return readOnly
	case len(hosts) > 0:
		return append(readOnly, raw)
	}
	return []grant{raw}
}

// cover says that all which b lets through at some hosts have does too; b is zero for requests that are inspected.
func (have tunnel) cover(b tunnel) bool {
	if !have.any || b.skip && !have.skip {
		return false
	}
	inspected := strings.Fields(b.except)
	return have.except == "" || b.any && !slices.ContainsFunc(strings.Fields(have.except), func(host string) bool {
		return !slices.Contains(inspected, host)
	})
}

func (b tunnel) String() string {
	text := ", uninspected"
	if b.except != "" {
		text += " (but for what other blocks inspect: " + and(strings.Fields(b.except)) + ")"
	}
	if b.skip {
		text += ", whatever name its TLS asks for"
	}
	return text
}
