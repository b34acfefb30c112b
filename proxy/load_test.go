package proxy_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"exeat/proxy"
)

// forgetful is a sink that keeps nothing: what grows in these tests is the proxy's.
type forgetful struct{ events atomic.Int64 }

func (f *forgetful) Record(context.Context, proxy.Event) (int64, error) { return f.events.Add(1), nil }
func (f *forgetful) Complete(int64, int, int64, int64, time.Duration)   {}

// newLoadWorld is a world with other limits, that needs so many descriptors.
func newLoadWorld(t *testing.T, l proxy.TestLimits, descriptors uint64) *world {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur < descriptors {
		t.Skipf("needs %d descriptors, %d are allowed", descriptors, limit.Cur)
	}
	var cfg proxy.Config
	w := newWorld(t, basePolicy, func(c *proxy.Config) { c.Sink = &forgetful{}; cfg = *c })
	w.server.Close()
	w.server = proxy.NewLimited(cfg, w.original, l)
	t.Cleanup(w.server.Close)
	door := listen(t)
	w.explicit = door.Addr().String()
	go w.server.ServeExplicit(door)
	w.originWith(nil, "plain.example", 80, func(rw http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/big" {
			_, _ = rw.Write(make([]byte, 4<<20))
		}
		_, _ = io.WriteString(rw, "ok")
	})
	return w
}

const plainRequest = "GET /x HTTP/1.1\r\nHost: plain.example\r\n\r\n"

// requests asks once on an open connection.
func requests(c net.Conn, request string) error {
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(c, request); err != nil {
		return err
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != 200 {
		return fmt.Errorf("answered %s, %v", resp.Status, err)
	}
	return nil
}

// A burst of new connections is served, every one of them.
func TestBurst(t *testing.T) {
	const n = 1000
	w := newLoadWorld(t, proxy.TestLimits{Connections: n}, 6*n)
	door := w.transparent("plain.example", 80)
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			c, err := net.Dial("tcp", door)
			if err == nil {
				defer c.Close()
				err = requests(c, plainRequest)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// Clients that send byte by byte hold nobody else up. A head that does not end in time ends its
// connection; a body may take as long as it likes.
func TestSlowClients(t *testing.T) {
	const each = 50
	w := newLoadWorld(t, proxy.TestLimits{Header: time.Second, Connections: 1000}, 2000)
	door := w.transparent("plain.example", 80)
	head := "GET /ok/1 HTTP/1.1\r\nHost: plain.example\r\n"
	for name, tt := range map[string]struct {
		start string
		ends  bool
	}{
		"request line": {"GET /", true},
		"head":         {head + "X: ", true},
		"second head":  {plainRequest + "GET /", true},
		"body":         {head + "Content-Length: 1000000\r\n\r\n", false},
		"chunk size":   {head + "Transfer-Encoding: chunked\r\n\r\n", false},
		"chunk":        {head + "Transfer-Encoding: chunked\r\n\r\nffff\r\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var slow sync.WaitGroup
			for range each {
				slow.Go(func() {
					c, err := net.Dial("tcp", door)
					if err != nil {
						t.Error(err)
						return
					}
					defer c.Close()
					if ended := drips(c, tt.start); ended != tt.ends {
						t.Errorf("ended after two seconds: %t", ended)
					}
				})
			}
			for range 20 {
				c, err := net.Dial("tcp", door)
				if err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				if err := requests(c, plainRequest); err != nil || time.Since(began) > 5*time.Second {
					t.Errorf("another was served after %s: %v", time.Since(began), err)
				}
				c.Close()
			}
			slow.Wait()
		})
	}
}

// drips writes start and then "1" every 20 ms for two seconds. It reports whether the proxy hung up.
func drips(c net.Conn, start string) bool {
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, c)
		close(ended)
	}()
	_, _ = io.WriteString(c, start)
	for began := time.Now(); time.Since(began) < 2*time.Second; {
		select {
		case <-ended:
			return true
		case <-time.After(20 * time.Millisecond):
			_, _ = io.WriteString(c, "1")
		}
	}
	return false
}

// Clients that do not read a big answer cost a bounded amount each, and get it whole when they do.
func TestSlowReaders(t *testing.T) {
	const n, each = 50, 256 << 10
	w := newLoadWorld(t, proxy.TestLimits{Connections: 1000}, 1000)
	door := w.transparent("plain.example", 80)
	before := inUse()
	var slow []net.Conn
	for range n {
		c, err := net.Dial("tcp", door)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_, _ = io.WriteString(c, strings.Replace(plainRequest, "/x", "/big", 1))
		slow = append(slow, c)
	}
	for range 20 {
		c, err := net.Dial("tcp", door)
		if err != nil {
			t.Fatal(err)
		}
		if err := requests(c, plainRequest); err != nil {
			t.Error(err)
		}
		c.Close()
	}
	if grown := inUse() - before; grown > n*each {
		t.Errorf("%d KiB for each slow reader", grown/n>>10)
	}
	for _, c := range slow {
		_ = c.SetDeadline(time.Now().Add(20 * time.Second))
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.Copy(io.Discard, resp.Body); got != 4<<20+2 || err != nil {
			t.Errorf("read %d bytes, %v", got, err)
		}
	}
}

// inUse is the memory of heap and stacks after a collection.
func inUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// Requests leave nothing behind.
func TestMemoryIsFlat(t *testing.T) {
	w := newLoadWorld(t, proxy.TestLimits{}, 100)
	door := w.transparent("plain.example", 80)
	ask := func(n int) {
		var workers sync.WaitGroup
		for range 8 {
			workers.Go(func() {
				c, err := net.Dial("tcp", door)
				if err != nil {
					t.Error(err)
					return
				}
				defer c.Close()
				for range n / 8 {
					if err := requests(c, plainRequest); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		workers.Wait()
	}
	ask(2000)
	before := inUse()
	ask(20_000)
	if grown := inUse() - before; grown > 4<<20 {
		t.Errorf("grown by %d KiB", grown>>10)
	}
}

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
