package websocket_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync/atomic"
	"testing"

	"exeat/proxy/websocket"

	coder "github.com/coder/websocket"
)

// world has a real server and, before it, an HTTP server that relays upgrades.
type world struct {
	t      *testing.T
	origin *httptest.Server
	front  *httptest.Server
	judge  websocket.Judge
	max    int
	relays chan *websocket.Relay // as they start
	ended  chan error            // what Run returned
}

// newWorld serves each connection by a function and gives what the function returns as the status.
func newWorld(t *testing.T, judge websocket.Judge, serve func(context.Context, *coder.Conn) error) *world {
	before := runtime.NumGoroutine()
	w := &world{t: t, judge: judge, max: 8 << 20, relays: make(chan *websocket.Relay, 1), ended: make(chan error, 1)}
	w.origin = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		options := &coder.AcceptOptions{Subprotocols: []string{"chat"}, CompressionMode: coder.CompressionContextTakeover}
		conn, err := coder.Accept(rw, r, options)
		if err != nil {
			return
		}
		defer conn.CloseNow()
		conn.SetReadLimit(16 << 20)
		_ = serve(r.Context(), conn)
	}))
	w.front = httptest.NewServer(http.HandlerFunc(w.relay))
	t.Cleanup(func() {
		w.front.Close()
		w.origin.Close()
		http.DefaultClient.CloseIdleConnections()
		noneLeft(t, before)
	})
	return w
}

// relay is the least that a proxy does around this package.
func (w *world) relay(rw http.ResponseWriter, r *http.Request) {
	request := r.Header
	if err := websocket.Prepare(r); err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	up, err := net.Dial("tcp", w.origin.Listener.Addr().String())
	if err != nil {
		w.t.Error(err)
		return
	}
	_ = r.Write(up)
	in := bufio.NewReader(up)
	response, err := http.ReadResponse(in, r)
	if err == nil {
		err = websocket.Check(request, response)
	}
	if err != nil {
		w.t.Error(err)
		return
	}
	down, early, err := rw.(http.Hijacker).Hijack()
	if err != nil {
		w.t.Error(err)
		return
	}
	_ = response.Write(down)
	relay := &websocket.Relay{
		Client: buffered{down, early}, Origin: buffered{up, in}, Judge: w.judge, MaxMessage: w.max,
		In: new(atomic.Int64), Out: new(atomic.Int64),
	}
	w.relays <- relay
	w.ended <- relay.Run(r.Context())
}

// buffered is a connection whose first bytes were read already.
type buffered struct {
	net.Conn
	in io.Reader
}

func (b buffered) Read(p []byte) (int, error) { return b.in.Read(p) }

func (w *world) dial() *coder.Conn {
	w.t.Helper()
	options := &coder.DialOptions{Subprotocols: []string{"chat"}, CompressionMode: coder.CompressionContextTakeover}
	conn, response, err := coder.Dial(w.t.Context(), w.front.URL, options)
	if err != nil {
		w.t.Fatal(err)
	}
	if got := response.Header.Get("Sec-WebSocket-Extensions"); got != "" {
		w.t.Errorf("extension %s", got)
	}
	conn.SetReadLimit(16 << 20)
	w.t.Cleanup(func() { _ = conn.CloseNow() })
	return conn
}
