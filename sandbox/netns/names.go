package netns

import (
	"errors"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// LocalName is the name of the sandbox's own services. It needs no question: /etc/hosts has it too.
const LocalName = "exeat.local"

// The limits on names against an agent that asks for ever new ones. Addresses are never given to a
// second name: a connection would be judged by a name that its program did not ask for.
const (
	maxNames       = 16384
	namesPerSecond = 100
)

// errNoAddress means that a limit is reached; the question is answered with SERVFAIL.
var errNoAddress = errors.New("no synthetic address left for now")

// HostName is the machine the sandbox runs on, of which single ports may be lent to it.
const HostName = "host.exeat.local"

// LocalAddr returns the address of LocalName.
func LocalAddr() netip.Addr { return netip.AddrFrom4([4]byte{198, 18, 0, 1}) }

// HostAddr returns the address of HostName.
func HostAddr() netip.Addr { return LocalAddr().Next() }

// Names gives every name that is asked for an address of its own from 198.18.0.0/15 (RFC 2544, used on
// no real network), so that the address of a connection tells the name the program meant. Whether the
// name may be reached is not decided here: also a name that no policy mentions gets an address, so
// that its denial can be explained. Safe for concurrent use.
type Names struct {
	mu      sync.Mutex
	byName  map[string]netip.Addr // guarded by mu
	byAddr  map[netip.Addr]string // guarded by mu
	last    netip.Addr            // guarded by mu
	tokens  float64               // guarded by mu; new names that may be made now
	counted time.Time             // guarded by mu; when tokens was right
}

// NewNames returns a table that has LocalName and HostName only.
func NewNames() *Names {
	local, host := LocalAddr(), HostAddr()
	return &Names{
		byName: map[string]netip.Addr{LocalName: local, HostName: host},
		byAddr: map[netip.Addr]string{local: LocalName, host: HostName},
		last:   host, tokens: namesPerSecond, counted: time.Now(),
	}
}

// Name returns the name that an address was handed out for: lower case, without a trailing dot.
func (n *Names) Name(a netip.Addr) (string, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	name, ok := n.byAddr[a.Unmap()]
	return name, ok
}

// addr returns the address of a name in canonical form, a new one if need be.
func (n *Names) addr(name string) (netip.Addr, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if a, ok := n.byName[name]; ok {
		return a, nil
	}
	if len(n.byName) >= maxNames || !n.takeLocked() {
		return netip.Addr{}, errNoAddress
	}
	n.last = n.last.Next()
	n.byName[name], n.byAddr[n.last] = n.last, name
	return n.last, nil
}

// takeLocked takes one of the new names of this second.
func (n *Names) takeLocked() bool {
	now := time.Now()
	n.tokens = min(namesPerSecond, n.tokens+now.Sub(n.counted).Seconds()*namesPerSecond)
	n.counted = now
	if n.tokens < 1 {
		return false
	}
	n.tokens--
	return true
}

// canonicalName lower-cases a DNS name and drops its trailing dot. Names that are no host's, with
// other bytes than letters, digits, "-" and "_", get no address: nothing downstream has to handle them.
func canonicalName(raw string) (string, bool) {
	name := strings.ToLower(strings.TrimSuffix(raw, "."))
	if name == "" || len(name) > 253 {
		return "", false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || strings.ContainsFunc(label, foreign) {
			return "", false
		}
	}
	return name, true
}

func foreign(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_')
}
