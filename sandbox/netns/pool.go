package netns

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// namesPerSecond bounds how fast a pool gives addresses out, and patience how fast it runs dry: it gives no more in
// a second than leaves some for that many seconds. However long a program asks for ever new names, there is one
// more for the next program a little later.
const (
	namesPerSecond = 100
	patience       = 600
)

// pools are one for the names of the policy, of which there are as many as it has, one for those that its wildcards
// match, and one for all others.
type pools struct{ literal, wild, others *pool }

func newPools() pools {
	p := pools{newPool(HostAddr().Next(), wildAddr()), newPool(wildAddr(), othersAddr()), newPool(othersAddr(), lastAddr())}
	p.literal.atOnce = true
	return p
}

// take fails when there is no address for now.
func (p pools) take(matched, literally bool) (netip.Addr, bool) {
	if !matched {
		return p.others.take()
	}
	if literally {
		if a, ok := p.literal.take(); ok {
			return a, true
		}
	}
	return p.wild.take()
}

// gave tells whether an address was given out.
func (p pools) gave(a netip.Addr) bool {
	return p.literal.gave(a) || p.wild.gave(a) || p.others.gave(a)
}

// pool is a range of addresses, each of which is given out once.
type pool struct {
	first, next, end uint32
	atOnce           bool    // all may be given in a second
	tokens           float64 // that may be given now
	counted          time.Time
}

func newPool(first, end netip.Addr) *pool {
	return &pool{first: number(first), next: number(first), end: number(end), tokens: namesPerSecond, counted: time.Now()}
}

// take fails when there is none for now.
func (p *pool) take() (netip.Addr, bool) {
	if left := p.end - p.next; left == 0 || !p.atOnce && !p.mayGive(left) {
		return netip.Addr{}, false
	}
	a := netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, p.next)))
	p.next++
	return a, true
}

// mayGive takes one of the tokens.
func (p *pool) mayGive(left uint32) bool {
	now := time.Now()
	rate := min(namesPerSecond, float64(left)/patience)
	p.tokens = min(namesPerSecond, p.tokens+now.Sub(p.counted).Seconds()*rate)
	p.counted = now
	if p.tokens < 1 {
		return false
	}
	p.tokens--
	return true
}

// gave tells whether an address was given out.
func (p *pool) gave(a netip.Addr) bool {
	return a.Is4() && number(a) >= p.first && number(a) < p.next
}

func number(a netip.Addr) uint32 {
	four := a.As4()
	return binary.BigEndian.Uint32(four[:])
}
