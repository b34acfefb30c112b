package supervisor

import (
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"

	"exeat/policy"
	"exeat/sandbox/netns"
)

// maxPorts bounds the listeners of one sandbox; each takes two descriptors.
const maxPorts = 256

// ports are the listeners that stand in for a redirect where the kernel has none.
type ports struct {
	serve func(net.Listener) // in the background, until the doors close

	mu   sync.Mutex
	open map[int]bool // guarded by mu
}

func (p *ports) has(port int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.open[port]
}

func (p *ports) add(port int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open == nil {
		p.open = map[int]bool{}
	}
	p.open[port] = true
}

func (p *ports) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.open)
}

// isLocal says whether a connection may end at a program of the sandbox.
func (s *supervisor) isLocal(to netip.AddrPort) bool {
	if s.box.NoRedirect() == "" {
		return netns.Local(to, nil)
	}
	return netns.Local(to, s.ports.has)
}

// openPorts makes a listener for each port that p names and has none yet. What
// cannot be opened stays refused, which is said and stops nothing: a program
// that takes a port first must not be able to keep a policy out.
func (s *supervisor) openPorts(p *policy.Policy) {
	if s.box == nil || s.box.NoRedirect() == "" {
		return
	}
	for _, port := range namedPorts(p, s.sandbox.Spec.HostPorts) {
		if s.ports.has(port) {
			continue
		}
		if err := s.openPort(port); err != nil {
			s.logger.Warn("open port", "port", port, "err", err)
			s.warn(fmt.Sprintf("connections to port %d do not reach the proxy: %v", port, err))
		}
	}
}

func (s *supervisor) openPort(port int) error {
	switch {
	case netns.Reserved(port):
		return fmt.Errorf("port %d of a sandbox is its own", port)
	case s.ports.count() >= maxPorts:
		return fmt.Errorf("without nf_tables a sandbox has at most %d ports", maxPorts)
	}
	listeners, err := s.box.OpenPort(port)
	if err != nil {
		return err
	}
	s.ports.add(port)
	for _, l := range listeners {
		s.ports.serve(l)
	}
	return nil
}

// namedPorts are those of every endpoint, those lent by the host, and those of
// the web, where a denial can be explained whatever the policy says.
func namedPorts(p *policy.Policy, lent []int) []int {
	named := map[int]bool{80: true, 443: true}
	for _, port := range lent {
		named[port] = true
	}
	for _, b := range p.Blocks {
		for _, e := range b.Endpoints {
			for _, port := range e.Ports {
				named[port] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(named))
}
