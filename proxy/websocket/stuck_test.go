package websocket_test

import (
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"exeat/proxy/websocket"

	"github.com/google/go-cmp/cmp"
)

// TestStuckSides ends connections whose ends read nothing, with the relay in the middle of a write to each.
func TestStuckSides(t *testing.T) {
	before := runtime.NumGoroutine()
	client, inner := tcp(t)
	server, outer := tcp(t)
	r := &websocket.Relay{Client: inner, Origin: outer, Judge: allow, MaxMessage: 32 << 20}
	result := make(chan error, 1)
	go func() { result <- r.Run(t.Context()) }()
	var flood sync.WaitGroup
	flood.Go(func() { _, _ = client.Write(frame{op: binar, payload: strings.Repeat("x", 16<<20)}.bytes()) })
	flood.Go(func() {
		_, _ = server.Write(frame{op: binar, bare: true, payload: strings.Repeat("x", 16<<20)}.bytes())
	})
	time.Sleep(300 * time.Millisecond)
	began := time.Now()
	r.End(websocket.Close{Code: 1012})
	<-result
	if took := time.Since(began); took > 2*time.Second { // half of it is the relay's, the rest a busy machine's
		t.Errorf("took %v", took)
	}
	flood.Wait()
	noneLeft(t, before)
}

// TestSlowReader leaves a side without a read for 30 s, which ends the connection for the other one.
func TestSlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, inner := net.Pipe()
		server, outer := net.Pipe()
		result := make(chan error, 1)
		go func() { result <- (&websocket.Relay{Client: inner, Origin: outer}).Run(t.Context()) }()
		began := time.Now()
		c := newEnd(client, false, false)
		say(c, frame{op: text, payload: "nobody reads this"})
		if diff := cmp.Diff([]string{"close 1001 "}, c.all()); diff != "" {
			t.Error(diff)
		}
		err := <-result
		if !errors.Is(err, os.ErrDeadlineExceeded) || !strings.Contains(err.Error(), "writing to the server") {
			t.Errorf("got %v", err)
		}
		if took := time.Since(began).Round(time.Second); took != 31*time.Second {
			t.Errorf("took %v", took)
		}
		server.Close()
	})
}

// TestTornFrame lets a write end within a frame. What comes next would be read as the rest of that frame: nothing may come.
func TestTornFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, inner := net.Pipe()
		server, outer := net.Pipe()
		result := make(chan error, 1)
		go func() { result <- (&websocket.Relay{Client: inner, Origin: outer}).Run(t.Context()) }()
		c := newEnd(client, false, false)
		say(c, frame{op: text, payload: strings.Repeat("x", 100)})
		_, _ = io.ReadFull(server, make([]byte, 50))
		time.Sleep(30*time.Second + 100*time.Millisecond)
		if rest, err := io.ReadAll(server); len(rest) > 0 || err != nil {
			t.Errorf("read %d bytes behind part of a frame, %v", len(rest), err)
		}
		<-result
		<-c.done
	})
}

// TestHalfOpen ends only one direction of a TCP connection.
func TestHalfOpen(t *testing.T) {
	for name, halve := range map[string]func(client, server *end){
		"client": func(client, _ *end) { _ = client.Conn.(*net.TCPConn).CloseWrite() },
		"server": func(_, server *end) { _ = server.Conn.(*net.TCPConn).CloseWrite() },
	} {
		t.Run(name, func(t *testing.T) {
			before := runtime.NumGoroutine()
			a, inner := tcp(t)
			b, outer := tcp(t)
			client, server := newEnd(a, false, false), newEnd(b, true, false)
			halve(client, server)
			if err := (&websocket.Relay{Client: inner, Origin: outer}).Run(t.Context()); err == nil {
				t.Error("no error")
			}
			if diff := cmp.Diff([][]string{{"close 1001 "}, {"close 1001 "}}, [][]string{client.all(), server.all()}); diff != "" {
				t.Error(diff)
			}
			noneLeft(t, before)
		})
	}
}

// TestEndDuringTraffic ends connections at any moment of a flood: what the ends read is whole frames and then the close frame.
func TestEndDuringTraffic(t *testing.T) {
	before := runtime.NumGoroutine()
	for i := range 20 {
		a, inner := tcp(t)
		b, outer := tcp(t)
		narrow(a, b, inner, outer)
		client, server := newEnd(a, false, false), newEnd(b, true, false)
		r := &websocket.Relay{Client: inner, Origin: outer, Judge: allow, MaxMessage: 1 << 20, In: new(atomic.Int64), Out: new(atomic.Int64)}
		big, small := strings.Repeat("x", 200_000), strings.Repeat("y", 50)
		go flood(client, frame{op: binar, payload: big}, frame{op: text, payload: small})
		go flood(server, frame{op: binar, bare: true, payload: big}, frame{op: text, bare: true, payload: small})
		time.AfterFunc(time.Duration(i)*3*time.Millisecond, func() {
			var all sync.WaitGroup
			for range 4 {
				all.Go(func() { r.End(websocket.Close{Code: 1012, Reason: "policy"}) })
			}
			all.Wait()
		})
		_ = r.Run(t.Context())
		last(t, client, "close 1012 policy")
		last(t, server, "close 1001 ")
		client.Close()
		server.Close()
	}
	noneLeft(t, before)
}

// flood writes frames until the end was sent a close frame.
func flood(e *end, frames ...frame) {
	b := wire(frames...)
	for !e.over.Load() {
		if _, err := e.Write(b); err != nil {
			return
		}
	}
}

// last says that an end read only whole frames, the last of which is a close frame.
func last(t *testing.T, e *end, want string) {
	t.Helper()
	if got := e.all(); len(got) == 0 || got[len(got)-1] != want {
		t.Errorf("got %v, want %s at the end", got[max(0, len(got)-2):], want)
	}
}

// tcp is a connection over loopback, as both of its ends.
func tcp(t testing.TB) (ours, theirs net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if ours, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if theirs, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	return ours, theirs
}

// narrow keeps the kernel from holding megabytes that a busy machine does not read in time.
func narrow(conns ...net.Conn) {
	for _, c := range conns {
		_ = c.(*net.TCPConn).SetReadBuffer(64 << 10)
		_ = c.(*net.TCPConn).SetWriteBuffer(64 << 10)
	}
}

// noneLeft waits for goroutines that are on their way out.
func noneLeft(t *testing.T, before int) {
	t.Helper()
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	stacks := make([]byte, 1<<20)
	t.Errorf("%d goroutines were left\n%s", runtime.NumGoroutine()-before, stacks[:runtime.Stack(stacks, true)])
}
