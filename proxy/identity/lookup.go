package identity

import (
	"errors"
	"net"
	"net/netip"
	"time"
)

// completion is how long Lookup waits for an executable that is still being read. The connection is
// open by then and nothing has been answered on it.
const completion = 10 * time.Second

var _ Table = (*Watcher)(nil)

// Lookup implements Table. It may be called from several goroutines.
func (w *Watcher) Lookup(client net.Conn, original netip.AddrPort) (Caller, error) {
	local, err := addrPort(client.RemoteAddr())
	if err != nil {
		return Caller{Unknown: err.Error()}, err
	}
	cookie, err := w.diag.cookie(local, original)
	if errors.Is(err, errNoSocket) {
		return Caller{Unknown: "the socket of this connection is gone"}, nil
	}
	if err != nil {
		return Caller{Unknown: "the kernel cannot name the socket of this connection"}, err
	}
	r := w.records.find(cookie)
	if r == nil {
		return Caller{Unknown: "no connect() was seen for this connection"}, nil
	}
	return r.wait(completion), nil
}

func addrPort(a net.Addr) (netip.AddrPort, error) {
	if t, ok := a.(*net.TCPAddr); ok {
		return t.AddrPort(), nil
	}
	return netip.ParseAddrPort(a.String())
}
