package proxy_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"exeat/proxy"
)

// corpusWorld has an origin that keeps what it heard.
type corpusWorld struct {
	*world
	doors map[bool]string // of the transparent door, by TLS

	mu       sync.Mutex
	heard    []heard
	problems []error
}

func newCorpusWorld(t testing.TB, policyText string, adjust ...func(*proxy.Config)) *corpusWorld {
	t.Helper()
	w := &corpusWorld{world: newWorld(t, policyText, adjust...)}
	config, err := w.public.Config("a.example")
	if err != nil {
		t.Fatal(err)
	}
	w.tcp("a.example", 80, w.listenTo)
	w.tcp("a.example", 443, func(c net.Conn) { w.listenTo(tls.Server(c, config)) })
	w.doors = map[bool]string{false: w.transparent("a.example", 80), true: w.transparent("a.example", 443)}
	return w
}

func (w *corpusWorld) listenTo(c net.Conn) {
	r := bufio.NewReader(c)
	for {
		h, err := hear(r, c)
		w.note(c, h, err)
		if err != nil {
			return
		}
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	}
}

// note keeps what was heard, and what could not be read. A connection that ended is neither.
func (w *corpusWorld) note(c net.Conn, h heard, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var ended *net.OpError
	switch {
	case err == nil:
		h.conn = c
		w.heard = append(w.heard, h)
	case !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.As(err, &ended):
		w.problems = append(w.problems, err)
	}
}

func (w *corpusWorld) take() ([]heard, []error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	all, problems := w.heard, w.problems
	w.heard, w.problems = nil, nil
	return all, problems
}

// enter opens a connection by a way in.
func (w *corpusWorld) enter(t testing.TB, m mode) net.Conn {
	t.Helper()
	var c net.Conn
	var err error
	switch {
	case m.absolute:
		c, err = w.dialExplicit()
	case m.door == transparent:
		c, err = net.Dial("tcp", w.doors[m.secure])
	default:
		c, err = w.connect(t.Context(), m.fill("a.example:{p}"), "")
	}
	if err != nil {
		t.Fatal(err)
	}
	if m.secure {
		c = tls.Client(c, &tls.Config{RootCAs: w.clientCAs, ServerName: "a.example"})
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	return c
}

// ask sends bytes and, once they are answered, a last request: it is answered too if the connection
// still stands before a request line. The statuses of all answers come back.
func (w *corpusWorld) ask(t *testing.T, m mode, send string) []string {
	t.Helper()
	c := w.enter(t, m)
	defer c.Close()
	m.write(c, send)
	_, _ = io.WriteString(c, m.fill("GET {t}/end HTTP/1.1\r\nHost: a.example:{p}\r\nConnection: close\r\n\r\n"))
	var statuses []string
	method := "GET"
	if strings.HasPrefix(send, "HEAD") {
		method = "HEAD"
	}
	for r := bufio.NewReader(c); ; method = "GET" {
		resp, err := http.ReadResponse(r, &http.Request{Method: method})
		if err != nil {
			return statuses
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		if resp.StatusCode >= 200 {
			statuses = append(statuses, fmt.Sprint(resp.StatusCode))
		}
	}
}

// write sends in pieces what is short enough to be sent so.
func (m mode) write(c net.Conn, send string) {
	for m.piece > 0 && len(send) > m.piece && len(send) < 4096 {
		_, _ = io.WriteString(c, send[:m.piece])
		send = send[m.piece:]
	}
	_, _ = io.WriteString(c, send)
}
