package proxy_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"exeat/proxy"
)

// forgetful is a sink that keeps nothing: what grows in these tests is the proxy's. A denial takes as long
// as a commit to a disk.
type forgetful struct {
	events atomic.Int64
	disk   sync.Mutex
}

func (f *forgetful) Record(_ context.Context, e proxy.Event) (int64, error) {
	if e.Verdict == "deny" {
		f.disk.Lock()
		defer f.disk.Unlock()
		time.Sleep(5 * time.Millisecond)
	}
	return f.events.Add(1), nil
}

func (f *forgetful) Begin(ctx context.Context, e proxy.Event) (int64, func() error, error) {
	id, err := f.Record(ctx, e)
	return id, func() error { return nil }, err
}

func (f *forgetful) Complete(int64, proxy.Ending) {}

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
	block := make([]byte, 16<<10)
	w.originWith(nil, "plain.example", 80, func(rw http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/big" {
			for range bigAnswer / len(block) {
				_, _ = rw.Write(block)
			}
		}
		_, _ = io.WriteString(rw, "ok")
	})
	return w
}

// bigAnswer is in bytes, and does not fit between an origin and a client: each socket on the way takes 4 MiB at most
// (net.ipv4.tcp_wmem), and an answer that fits is over before anybody reads it.
const bigAnswer = 16 << 20

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
