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

// pool is a range of addresses, each of which is given out once.
type pool struct {
	first, next, end uint32
	tokens           float64 // that may be given now
	counted          time.Time
}

func newPool(first, end netip.Addr) *pool {
	return &pool{first: number(first), next: number(first), end: number(end), tokens: namesPerSecond, counted: time.Now()}
}

// take fails when there is none for now.
func (p *pool) take() (netip.Addr, bool) {
	now, left := time.Now(), p.end-p.next
	rate := min(namesPerSecond, float64(left)/patience)
	p.tokens = min(namesPerSecond, p.tokens+now.Sub(p.counted).Seconds()*rate)
	p.counted = now
	if p.tokens < 1 || left == 0 {
		return netip.Addr{}, false
	}
	p.tokens--
	a := netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, p.next)))
	p.next++
	return a, true
}

// gave tells whether an address was given out.
func (p *pool) gave(a netip.Addr) bool {
	return a.Is4() && number(a) >= p.first && number(a) < p.next
}

func number(a netip.Addr) uint32 {
	four := a.As4()
	return binary.BigEndian.Uint32(four[:])
}
