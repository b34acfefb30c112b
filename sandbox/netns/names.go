package netns

import (
	"container/list"
	"errors"
	"net/netip"
	"strings"
	"sync"
)

// LocalName is the name of the sandbox's own services. It needs no question: /etc/hosts has it too.
const LocalName = "exeat.local"

// ForgottenName stands for every name whose address is not known any more. No policy can name it.
const ForgottenName = "forgotten.exeat.local"

// maxLoose is how many names are known at once that no host of the policy matches.
const maxLoose = 4096

// errNoAddress means that a limit is reached; the question is answered with SERVFAIL.
var errNoAddress = errors.New("no synthetic address left for now")

// HostName is the machine the sandbox runs on, of which single ports may be lent to it.
const HostName = "host.exeat.local"

// LocalAddr returns the address of LocalName.
func LocalAddr() netip.Addr { return netip.AddrFrom4([4]byte{198, 18, 0, 1}) }

// HostAddr returns the address of HostName.
func HostAddr() netip.Addr { return LocalAddr().Next() }

// Names that a policy has get addresses from before wildAddr, those that only its wildcards match from before othersAddr,
// and all others from there on: an agent that asks for ever new ones of its own invention must not take the addresses of
// those.
func wildAddr() netip.Addr   { return netip.AddrFrom4([4]byte{198, 18, 16, 0}) }
func othersAddr() netip.Addr { return netip.AddrFrom4([4]byte{198, 18, 64, 0}) }
func lastAddr() netip.Addr   { return netip.AddrFrom4([4]byte{198, 19, 255, 255}) }

// Matcher tells whether a host of the policy in force is for a name, and whether one is that name, without a wildcard. It
// must be quick.
type Matcher func(name string) (matched, literally bool)

// Names gives every name that is asked for an address of its own from 198.18.0.0/15 (RFC 2544, used on
// no real network), so that the address of a connection tells the name the program meant. Whether the
// name may be reached is not decided here: also a name that no policy mentions gets an address, so
// that its denial can be explained. Of those only the ones used last are known. No address is ever given to a second
// name: a connection would be judged by a name that its program did not ask for. Safe for concurrent use.
type Names struct {
	matches Matcher

	mu     sync.Mutex
	byName map[string]*entry     // guarded by mu
	byAddr map[netip.Addr]*entry // guarded by mu
	loose  *list.List            // guarded by mu; of entries that may be forgotten, those used last first
	pools  pools                 // guarded by mu
}

// entry is a name that has an address.
type entry struct {
	name  string
	addr  netip.Addr
	loose *list.Element // nil: it is never forgotten
}

// NewNames returns a table that has LocalName and HostName only.
func NewNames(matches Matcher) *Names {
	n := &Names{
		matches: matches, byName: map[string]*entry{}, byAddr: map[netip.Addr]*entry{}, loose: list.New(), pools: newPools(),
	}
	n.addLocked(&entry{name: LocalName, addr: LocalAddr()})
	n.addLocked(&entry{name: HostName, addr: HostAddr()})
	return n
}

// Name returns the name that an address was handed out for: lower case, without a trailing dot.
func (n *Names) Name(a netip.Addr) (string, bool) {
	a = a.Unmap()
	n.mu.Lock()
	defer n.mu.Unlock()
	if e := n.byAddr[a]; e != nil {
		n.usedLocked(e)
		return e.name, true
	}
	return ForgottenName, n.pools.gave(a)
}

// addr returns the address of a name in canonical form, a new one if need be.
func (n *Names) addr(name string) (netip.Addr, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	e := n.byName[name]
	if e == nil {
		if e = n.giveLocked(name); e == nil {
			return netip.Addr{}, errNoAddress
		}
	}
	n.usedLocked(e)
	return e.addr, nil
}

// giveLocked returns nil where there is no address for now.
func (n *Names) giveLocked(name string) *entry {
	matched, literally := n.matches(name)
	a, ok := n.pools.take(matched, literally)
	if !ok {
		return nil
	}
	e := &entry{name: name, addr: a}
	n.addLocked(e)
	if !matched {
		e.loose = n.loose.PushFront(e)
		n.forgetLocked()
	}
	return e
}

func (n *Names) addLocked(e *entry) { n.byName[e.name], n.byAddr[e.addr] = e, e }

func (n *Names) usedLocked(e *entry) {
	if e.loose != nil {
		n.loose.MoveToFront(e.loose)
	}
}

// forgetLocked makes room. A name that a policy has got since is kept.
func (n *Names) forgetLocked() {
	for n.loose.Len() > maxLoose {
		e := n.loose.Remove(n.loose.Back()).(*entry)
		e.loose = nil
		if matched, _ := n.matches(e.name); !matched {
			delete(n.byName, e.name)
			delete(n.byAddr, e.addr)
		}
	}
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
