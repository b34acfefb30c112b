package policy

import (
	"slices"
	"strings"
)

// addEndpoint refuses a second endpoint for the same place: the two would add
// up to something neither of them says.
func (b *Block) addEndpoint(op Operation) *OperationError {
	added := op.Endpoint.endpoint()
	for _, have := range b.Endpoints {
		if have.Host == canonicalName(added.Host) && have.Path == added.Path && portsMeet(have.Ports, added.Ports) {
			return refuse("use add_rule or set_access", "block %s already has an endpoint %s", b.Key, have.destination())
		}
	}
	b.Endpoints = append(b.Endpoints, added)
	return nil
}

// single finds the one endpoint an operation means. Where it has other ports
// too, it is split first, so that nothing changes for them.
func (b *Block) single(op Operation) (int, *OperationError) {
	host, port, path := op.target()
	var found, bare []int
	for i, e := range b.Endpoints {
		if e.Host != host || !slices.Contains(e.Ports, port) || path != "" && e.Path != path {
			continue
		}
		found = append(found, i)
		if e.Path == path {
			bare = append(bare, i)
		}
	}
	several := len(found) > 1
	if several {
		found = bare
	}
	switch {
	case several && len(found) != 1:
		return 0, refuse("say which by path", "block %s has several endpoints %s:%d", b.Key, host, port)
	case len(found) == 0:
		wanted := Endpoint{Host: host, Ports: []int{port}, Path: path}
		return 0, refuse(b.endpointHint(), "block %s has no endpoint %s", b.Key, wanted.destination())
	}
	return b.split(found[0], port), nil
}

func (b *Block) endpointHint() string {
	var all []string
	for _, e := range b.Endpoints {
		all = append(all, e.destination())
	}
	return "endpoints: " + strings.Join(all, ", ")
}

// split leaves the endpoint at i with one port and gives the others one of their own.
func (b *Block) split(i, port int) int {
	if len(b.Endpoints[i].Ports) == 1 {
		return i
	}
	rest := b.Endpoints[i].clone()
	rest.Ports = slices.DeleteFunc(rest.Ports, func(p int) bool { return p == port })
	b.Endpoints[i].Ports = []int{port}
	b.Endpoints = slices.Insert(b.Endpoints, i+1, rest)
	return i
}
