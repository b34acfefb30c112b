package proxy_test

import (
	"errors"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"exeat/proxy"
)

// Tunnels that do nothing cost two descriptors and at most 50 KiB each, inspected connections a little
// more. The measure holds both ends of the test beside the proxy's.
func TestIdleIsCheap(t *testing.T) {
	for name, tt := range map[string]struct {
		n, each int
		open    func(w *world, i int, door string) net.Conn
		ask     func(w *world, c net.Conn)
	}{
		"tunnels": {2000, 50 << 10, (*world).idleTunnel, (*world).echoes},
		"inspected": {300, 64 << 10, (*world).idleInspected, func(w *world, c net.Conn) {
			if err := requests(c, longRequest); err != nil {
				w.t.Error(err)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newLoadWorld(t, proxy.TestLimits{Connections: tt.n}, 5*uint64(tt.n))
			w.tcp("raw.example", 7000, echoes)
			w.origin("api.example", 443, func(http.ResponseWriter, *http.Request) {})
			door := w.transparent("raw.example", 7000)
			before, files := inUse(), descriptors(t)
			conns := make([]net.Conn, tt.n)
			for i := range conns {
				conns[i] = tt.open(w, i, door)
				tt.ask(w, conns[i])
			}
			await(t, "four descriptors for each, two of them the test's", func() bool { return descriptors(t)-files <= 4*tt.n+300 })
			if each := int(inUse()-before) / tt.n; each > tt.each {
				t.Errorf("%d bytes each", each)
			}
			for _, c := range conns {
				_ = c.SetDeadline(time.Now().Add(20 * time.Second))
				tt.ask(w, c)
			}
		})
	}
}

// HP27: many tunnels that lose their grant are all cut within a second, however long their records take.
func TestReloadCutsManyTunnels(t *testing.T) {
	const n = 400 // two seconds of records
	w := newLoadWorld(t, proxy.TestLimits{Connections: n}, 5*n)
	w.tcp("raw.example", 7000, echoes)
	door := w.transparent("raw.example", 7000)
	conns := make([]net.Conn, n)
	for i := range conns {
		conns[i] = w.idleTunnel(i, door)
		w.echoes(conns[i])
	}
	w.load(nothing)
	limit := time.Now().Add(time.Second)
	for i, c := range conns {
		_ = c.SetDeadline(limit)
		if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("tunnel %d of %d: %v", i, n, err)
		}
	}
}

// longRequest has a head that is not worth to be kept.
var longRequest = "GET /x HTTP/1.1\r\nHost: api.example\r\nX: " + strings.Repeat("y", 60_000) + "\r\n\r\n"

// idleTunnel comes in by each door in turn.
func (w *world) idleTunnel(i int, door string) net.Conn {
	w.t.Helper()
	if i%2 == 0 {
		return w.dialled(net.Dial("tcp", door))
	}
	return w.dialled(w.open(w.t.Context(), explicit, "raw.example", 7000))
}

func (w *world) idleInspected(int, string) net.Conn {
	return w.tls(explicit, "api.example", 443, "api.example")
}

func (w *world) dialled(c net.Conn, err error) net.Conn {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { c.Close() })
	return c
}

// echoes answers with what it reads, out of a small buffer.
func echoes(c net.Conn) {
	b := make([]byte, 64)
	for {
		n, err := c.Read(b)
		if err != nil {
			return
		}
		_, _ = c.Write(b[:n])
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}
