package websocket_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"exeat/proxy/websocket"

	coder "github.com/coder/websocket"
)

// echo answers every message with itself, and closes with a status when told to.
func echo(ctx context.Context, c *coder.Conn) error {
	for {
		kind, m, err := c.Read(ctx)
		if err != nil {
			return err
		}
		if code := 0; len(m) < 20 {
			if n, _ := fmt.Sscanf(string(m), "close %d", &code); n == 1 {
				return c.Close(coder.StatusCode(code), "as you wish")
			}
		}
		if err := c.Write(ctx, kind, m); err != nil {
			return err
		}
	}
}

func TestEcho(t *testing.T) {
	large := bytes.Repeat([]byte("0123456789abcdef"), 5<<20/16)
	for name, judge := range map[string]websocket.Judge{"judged": allow, "unread": nil} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, judge, echo)
			c := w.dial()
			relay := <-w.relays
			if c.Subprotocol() != "chat" {
				t.Errorf("sub-protocol %q", c.Subprotocol())
			}
			roundTrip(t, c, coder.MessageText, []byte("h€llo"))
			roundTrip(t, c, coder.MessageBinary, nil)
			roundTrip(t, c, coder.MessageBinary, large)
			for i := range 1000 {
				roundTrip(t, c, coder.MessageText, fmt.Appendf(nil, "message %d", i))
			}
			if in, out := relay.In.Load(), relay.Out.Load(); in < 5<<20 || out < 5<<20 {
				t.Errorf("counted %d and %d bytes", in, out)
			}
			closeWith(t, c, coder.StatusNormalClosure)
			if err := <-w.ended; err != nil {
				t.Error(err)
			}
		})
	}
}

func roundTrip(t *testing.T, c *coder.Conn, kind coder.MessageType, m []byte) {
	t.Helper()
	if err := c.Write(t.Context(), kind, m); err != nil {
		t.Fatal(err)
	}
	gotKind, got, err := c.Read(t.Context())
	if err != nil || gotKind != kind || !bytes.Equal(got, m) {
		t.Fatalf("got %v of %d bytes, %v; want %v of %d", gotKind, len(got), err, kind, len(m))
	}
}

func closeWith(t *testing.T, c *coder.Conn, code coder.StatusCode) {
	t.Helper()
	if err := c.Close(code, "bye"); err != nil {
		t.Error(err)
	}
}

func TestPipelinedMessages(t *testing.T) {
	w := newWorld(t, allow, echo)
	c := w.dial()
	go func() {
		for i := range 1000 {
			_ = c.Write(t.Context(), coder.MessageText, fmt.Append(nil, i))
		}
	}()
	for i := range 1000 {
		if _, m, err := c.Read(t.Context()); err != nil || string(m) != fmt.Sprint(i) {
			t.Fatalf("message %d: %q, %v", i, m, err)
		}
	}
	closeWith(t, c, coder.StatusNormalClosure)
}

func TestFragmentsAndPings(t *testing.T) {
	w := newWorld(t, allow, echo)
	c := w.dial()
	writer, err := c.Writer(t.Context(), coder.MessageText)
	if err != nil {
		t.Fatal(err)
	}
	for range 50 { // larger than the client's buffer, so that it sends fragments
		_, _ = writer.Write(bytes.Repeat([]byte("x"), 1000))
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if _, m, err := c.Read(t.Context()); err != nil || len(m) != 50_000 {
		t.Fatalf("%d bytes, %v", len(m), err)
	}
	ctx := c.CloseRead(t.Context()) // the pong is read there
	if err := c.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	closeWith(t, c, coder.StatusNormalClosure)
	<-ctx.Done()
}

func TestServerPings(t *testing.T) {
	pinged := make(chan error, 1)
	w := newWorld(t, allow, func(ctx context.Context, c *coder.Conn) error {
		ctx = c.CloseRead(ctx)
		pinged <- c.Ping(ctx)
		<-ctx.Done()
		return nil
	})
	c := w.dial()
	c.CloseRead(t.Context())
	if err := <-pinged; err != nil {
		t.Error(err)
	}
	closeWith(t, c, coder.StatusNormalClosure)
}

// TestCloseCodes says what the ends learn of each other's status.
func TestCloseCodes(t *testing.T) {
	for _, code := range []coder.StatusCode{1000, 1001, 1003, 1011, 3000, 4999} {
		t.Run(fmt.Sprint(int(code)), func(t *testing.T) {
			seen := make(chan error, 2)
			w := newWorld(t, allow, func(ctx context.Context, c *coder.Conn) error {
				err := echo(ctx, c)
				seen <- err
				return err
			})
			closeWith(t, w.dial(), code)
			if got := coder.CloseStatus(<-seen); got != code {
				t.Errorf("the server read %d", got)
			}
			<-w.relays
			<-w.ended
			c := w.dial()
			_ = c.Write(t.Context(), coder.MessageText, fmt.Appendf(nil, "close %d", code))
			wantClose(t, c, code, "as you wish")
			if err := <-seen; err != nil {
				t.Errorf("the server's own close: %v", err)
			}
			if err := <-w.ended; err != nil {
				t.Error(err)
			}
		})
	}
}

// wantClose reads until the connection ends.
func wantClose(t *testing.T, c *coder.Conn, code coder.StatusCode, reason string) {
	t.Helper()
	for {
		_, _, err := c.Read(t.Context())
		if err == nil {
			continue
		}
		var e coder.CloseError
		if !errors.As(err, &e) || e.Code != code || e.Reason != reason {
			t.Errorf("got %v, want %d %q", err, code, reason)
		}
		return
	}
}

func TestReplacement(t *testing.T) {
	w := newWorld(t, judge, echo)
	c := w.dial()
	if err := c.Write(t.Context(), coder.MessageText, []byte("key=placeholder")); err != nil {
		t.Fatal(err)
	}
	if _, m, err := c.Read(t.Context()); err != nil || string(m) != "key=secret" {
		t.Errorf("%q, %v", m, err)
	}
	closeWith(t, c, coder.StatusNormalClosure)
}

func TestRefusal(t *testing.T) {
	for name, row := range map[string]struct {
		message string
		code    coder.StatusCode
		reason  string
	}{
		"policy":    {"refuse", 1008, "not this one"},
		"too large": {strings.Repeat("x", 2000), 1009, "a message is larger than 1000 bytes"},
		"not UTF-8": {"\xff", 1007, "a text message is not UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			seen := make(chan error, 1)
			w := newWorld(t, judge, func(ctx context.Context, c *coder.Conn) error {
				err := echo(ctx, c)
				seen <- err
				return err
			})
			w.max = 1000
			c := w.dial()
			roundTrip(t, c, coder.MessageText, []byte("fine"))
			if err := c.Write(t.Context(), coder.MessageText, []byte(row.message)); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			wantClose(t, c, row.code, row.reason)
			if got := coder.CloseStatus(<-seen); got != coder.StatusGoingAway {
				t.Errorf("the server read %d", got)
			}
			if <-w.ended; time.Since(began) > 2*time.Second {
				t.Errorf("took %v", time.Since(began))
			}
		})
	}
}

func TestRevocation(t *testing.T) {
	w := newWorld(t, allow, func(ctx context.Context, c *coder.Conn) error {
		for { // talks without end
			if err := c.Write(ctx, coder.MessageBinary, make([]byte, 100_000)); err != nil {
				return err
			}
		}
	})
	c := w.dial()
	relay := <-w.relays
	time.AfterFunc(50*time.Millisecond, func() { relay.End(websocket.Close{Code: 1012, Reason: "revision 7 is in force"}) })
	wantClose(t, c, coder.StatusServiceRestart, "revision 7 is in force")
	<-w.ended
}

// TestEarlyBytes sends a message in one piece with the upgrade request, before any answer.
func TestEarlyBytes(t *testing.T) {
	w := newWorld(t, allow, echo)
	conn, err := net.Dial("tcp", w.front.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	early := wire(frame{op: text, payload: "early"}, frame{op: closes, payload: status(1000, "")})
	_, _ = conn.Write(append([]byte(upgrade), early...))
	in := bufio.NewReader(conn)
	if _, err := http.ReadResponse(in, nil); err != nil {
		t.Fatal(err)
	}
	r := &reader{in: in}
	for _, want := range []message{{text, "early"}, {closes, status(1000, "")}} {
		if got, err := r.next(); got != want || err != nil {
			t.Errorf("got %v, %v; want %v", got, err, want)
		}
	}
	if err := <-w.ended; err != nil {
		t.Error(err)
	}
}
