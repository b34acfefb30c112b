package proxy

import (
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"
)

// ownLife is how long one reading of this machine's interfaces serves.
const ownLife = 3 * time.Second

// own are the addresses of this machine's interfaces at one moment. A connection to one of them arrives over
// lo, whatever address it is: past the firewall that stands before this machine, at services meant for itself.
type own struct {
	addresses map[netip.Addr]struct{}
	links     []netip.Prefix // of IPv6: neighbours have global addresses too, which no NAT hides
}

// has tells whether an address is this machine's.
func (o own) has(a netip.Addr) bool {
	_, ok := o.addresses[a.WithZone("")]
	return ok
}

// ownOf sorts what the interfaces have. IPv4 networks are left out: private ones are in the list of those, and
// in a public one the neighbours are strangers.
func ownOf(list []net.Addr) own {
	o := own{addresses: map[netip.Addr]struct{}{}}
	for _, entry := range list {
		n, ok := entry.(*net.IPNet)
		if !ok {
			continue
		}
		a, _ := netip.AddrFromSlice(n.IP)
		a = a.Unmap()
		o.addresses[a] = struct{}{}
		if bits, size := n.Mask.Size(); a.Is6() && size == a.BitLen() {
			o.links = append(o.links, netip.PrefixFrom(a, bits).Masked())
		}
	}
	return o
}

// interfaces reads them anew every few seconds: a machine changes its network while sandboxes run.
type interfaces struct {
	list func() ([]net.Addr, error)

	mu    sync.Mutex
	known own       // guarded by mu
	until time.Time // guarded by mu
}

// now fails where the kernel does not tell: no address is known to be another machine's then.
func (i *interfaces) now() (own, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if time.Now().Before(i.until) {
		return i.known, nil
	}
	list, err := i.list()
	if err != nil {
		return own{}, &addressError{Reason: fmt.Sprintf("the addresses of this machine cannot be read, so none is dialled: %v", err)}
	}
	i.known, i.until = ownOf(list), time.Now().Add(ownLife)
	return i.known, nil
}
