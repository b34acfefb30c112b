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
	socket, err := w.socket(client, original)
	if errors.Is(err, errNoSocket) {
		return Caller{Unknown: "the socket of this connection is gone"}, nil
	}
	if err != nil {
		return Caller{Unknown: "the kernel cannot name the socket of this connection"}, err
	}
	if w.strict {
		return w.scan(socket.inode), nil
	}
	r := w.records.find(socket.cookie)
	if r == nil {
		return Caller{Unknown: "no connect() was seen for this connection"}, nil
	}
	return r.wait(completion), nil
}

// socket names the socket at the other end of a connection.
func (w *Watcher) socket(client net.Conn, original netip.AddrPort) (found, error) {
	from, err := addrPort(client.RemoteAddr())
	if err != nil {
		return found{}, err
	}
	door, err := addrPort(client.LocalAddr())
	if err != nil {
		return found{}, err
	}
	if unmapped(door) != unmapped(original) {
		if from, err = w.conntrack.source(from, door, original); err != nil {
			return found{}, err
		}
	}
	return w.diag.find(from, original)
}

func addrPort(a net.Addr) (netip.AddrPort, error) {
	if t, ok := a.(*net.TCPAddr); ok {
		return t.AddrPort(), nil
	}
	return netip.ParseAddrPort(a.String())
}
