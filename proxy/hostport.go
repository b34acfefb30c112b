package proxy

import (
	"fmt"
	"net/netip"
	"slices"

	"exeat/policy"
)

// hostName is the machine the sandbox runs on. No policy can name it: what of it is lent to a sandbox
// was signed when that was created, port by port.
const hostName = "host.exeat.local"

// hostPortBlock stands in the record where the name of a policy's block would.
const hostPortBlock = "host-port"

// lend carries a connection to a port of the host's loopback interface, uninspected.
func (s *Server) lend(f *flow) {
	d := f.lending(s.cfg.HostPorts)
	if d.Verdict == policy.Denied {
		f.verdict = denied(d)
		s.terminate(f, false)
		return
	}
	loopback := []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}
	t := s.newTunnel(f, loopback)
	t.signed = true
	if !t.open(s.cfg.Snapshot().Revision, d, nil) {
		s.terminate(f, false)
	}
}

// lending decides about a port of the host. Without an identity there is no record of who it was, and
// so no access.
func (f *flow) lending(ports []int) policy.Decision {
	d := policy.Decision{Verdict: policy.Denied, Layer: "l4", Protocol: "l4", Policy: hostPortBlock}
	switch {
	case f.caller.Unknown != "":
		d.Code, d.Reason = policy.CodeIdentity, "the program that connected is not known: "+f.caller.Unknown
	case !slices.Contains(ports, f.port):
		d.Code = policy.CodeHostPort
		d.Reason = fmt.Sprintf("port %d of the host is not lent to this sandbox: that is signed when one is created (--host-port %d)", f.port, f.port)
	default:
		d.Verdict = policy.Allowed
	}
	return d
}
