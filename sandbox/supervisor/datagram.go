package supervisor

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"exeat/policy"
	"exeat/proxy/identity"
	"exeat/sandbox/netns"
	"exeat/store"
)

const (
	// datagramTime is how long one record of a destination stands for all.
	datagramTime = time.Minute
	// datagramsMax bounds the destinations of that time; more are not recorded.
	datagramsMax = 1024
)

// datagrams records that a program wanted UDP where it gets nothing over TCP: nothing of it leaves a sandbox.
// It sees connect(), which QUIC and DNS libraries call; a datagram that names its
// destination itself is refused all the same, and unseen.
type datagrams struct {
	s     *supervisor
	sink  *sink
	names *netns.Names

	mu   sync.Mutex
	told map[netip.AddrPort]time.Time // guarded by mu
}

// note looks at one connect() of a UDP socket, which is held until its record is
// on disk, as every denial is before it is answered.
func (d *datagrams) note(call *identity.Call) {
	to, ok := identity.Destination(call.Address)
	if !ok || !d.first(to) {
		return
	}
	by := call.Caller()
	switch host := d.host(to); {
	case d.reaches(by, host, int(to.Port())):
		d.forget(to) // another program's connect is another matter
	case call.Valid():
		d.record(by, host, to)
	}
}

// host is the name that an address was handed out for, or the address.
func (d *datagrams) host(to netip.AddrPort) string {
	if name, ok := d.names.Name(to.Addr()); ok {
		return name
	}
	return to.Addr().String()
}

// reaches says whether the program gets there over TCP. Whether a datagram follows a connect() cannot be seen, and
// resolvers connect to every address of a name, with the port that TCP goes to, only to sort them (RFC 6724): an
// agent would chase a denial of what works. A client of QUIC hears ECONNREFUSED all the same, and takes TCP.
func (d *datagrams) reaches(by identity.Caller, host string, port int) bool {
	switch host {
	case netns.LocalName:
		return true
	case netns.HostName:
		return slices.Contains(d.s.sandbox.Spec.HostPorts, port)
	}
	caller := policy.Caller{Exe: by.Exe, Ancestors: by.Ancestors, Tainted: by.Tainted, Unknown: by.Unknown}
	admission := d.s.live.Load().Engine.Connect(policy.Destination{Host: host, Port: port, Caller: caller})
	return admission.Decision.Verdict != policy.Denied
}

func (d *datagrams) forget(to netip.AddrPort) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.told, to)
}

// first says whether a destination is worth a record. Port 53 is answered by the
// sandbox's own resolver, and resolvers connect to ports 0 and 9 only to learn
// which address of theirs they would use (RFC 6724).
func (d *datagrams) first(to netip.AddrPort) bool {
	if to.Addr().IsLoopback() || to.Addr().IsUnspecified() || to.Port() == 53 || to.Port() == 0 || to.Port() == 9 {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	if at, told := d.told[to]; told && now.Sub(at) < datagramTime {
		return false
	}
	for old, at := range d.told {
		if now.Sub(at) >= datagramTime {
			delete(d.told, old)
		}
	}
	if len(d.told) >= datagramsMax {
		return false
	}
	d.told[to] = now
	return true
}

func (d *datagrams) record(by identity.Caller, host string, to netip.AddrPort) {
	id, err := d.sink.log.Record(context.Background(), store.Decision{
		Time: time.Now(), Revision: d.s.live.Load().Revision, Exe: by.Exe, PID: by.PID, Ancestors: by.Ancestors,
		Host: host, Port: int(to.Port()), Layer: "l4", Protocol: "udp", Verdict: store.VerdictDeny, Policy: "-",
		Code: string(policy.CodeProtocol), Count: 1,
		Reason: fmt.Sprintf("no UDP leaves a sandbox, to %s or anywhere: use TCP (HTTP/1.1 or 2 in place of QUIC)", host),
	})
	if err != nil {
		d.s.logger.Warn("record a denied datagram", "err", err)
		return
	}
	d.sink.tell(context.Background(), id)
}
