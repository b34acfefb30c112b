package risk

import (
	"fmt"

	"exeat/policy"
)

// settings looks at what widens an endpoint beside its rules.
func (f *finder) settings() {
	before := map[Finding]bool{}
	for _, finding := range settingsOf(f.before) {
		before[finding] = true
	}
	for _, finding := range settingsOf(f.candidate) {
		if !before[finding] {
			f.found = append(f.found, finding)
		}
	}
}

// settingsOf are the findings about a policy's endpoints as they stand.
func settingsOf(p *policy.Policy) []Finding {
	f := &finder{}
	for _, block := range p.Blocks {
		for _, endpoint := range block.Endpoints {
			for _, port := range endpoint.Ports {
				f.setting(endpoint, fmt.Sprintf("%s:%d%s", endpoint.Host, port, endpoint.Path))
			}
		}
	}
	return f.found
}

func (f *finder) setting(e policy.Endpoint, where string) {
	for _, prefix := range e.AllowedIPs {
		f.add(PrivateNetwork, High, "%s may be at an address in %s", where, prefix)
	}
	if e.AllowEncodedSlash {
		f.add(EncodedSlash, Low, "%s takes %%2F in paths, which servers may read as a slash", where)
	}
}
