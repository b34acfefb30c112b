package proxy_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"exeat/proxy"
	"exeat/proxy/identity"
)

// A caller that is not known has no rights, and is told why.
func TestUnknownCaller(t *testing.T) {
	for _, door := range doors {
		w := newWorld(t, basePolicy)
		w.as(identity.Caller{Unknown: "no connect() was seen for this connection"})
		resp, err := w.client(door).Get("https://api.example/")
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 403 || !strings.Contains(string(body), `"unknown_identity"`) || !strings.Contains(string(body), "no connect()") {
			t.Errorf("%s: got %s %s", door, resp.Status, body)
		}
	}
}

type brokenCallers struct{}

func (brokenCallers) Lookup(net.Conn, netip.AddrPort) (identity.Caller, error) {
	return identity.Caller{Exe: "/usr/bin/curl"}, errors.New("netlink: interrupted")
}

// An identity that could not be looked up is none, even if half of it is there.
func TestLookupFails(t *testing.T) {
	w := newWorld(t, basePolicy, func(c *proxy.Config) { c.Callers = brokenCallers{} })
	resp, err := w.client(transparent).Get("https://api.example/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); !strings.Contains(string(body), `"unknown_identity"`) {
		t.Errorf("got %s %s", resp.Status, body)
	}
}

// A connection made to the door itself leads nowhere.
func TestTransparentLoop(t *testing.T) {
	w := newWorld(t, basePolicy)
	door := w.transparent("api.example", 443)
	w.mu.Lock()
	w.originals[door] = netip.MustParseAddrPort(door)
	w.mu.Unlock()
	unknown := w.transparent("api.example", 443)
	w.mu.Lock()
	delete(w.originals, unknown)
	w.mu.Unlock()
	for _, address := range []string{door, unknown} {
		c, err := net.Dial("tcp", address)
		if err != nil {
			continue // reset that fast
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(5 * time.Second))
		if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Errorf("%s: read %d bytes", address, n)
		}
	}
}

// A sandbox can hold so many connections and no more; others are served when it lets go.
func TestConnectionsAreLimited(t *testing.T) {
	w := newWorld(t, basePolicy)
	w.tcp("raw.example", 7000, func(c net.Conn) { _, _ = io.Copy(c, c) })
	held := make([]net.Conn, 64)
	for i := range held {
		held[i] = w.spliced(explicit)
	}
	if c, err := w.open(t.Context(), explicit, "raw.example", 7000); err == nil {
		c.Close()
		t.Error("one connection too many was served")
	}
	held[0].Close()
	await(t, "served again", func() bool {
		c, err := w.open(t.Context(), explicit, "raw.example", 7000)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

// Close ends what is open, and the doors say so.
func TestClose(t *testing.T) {
	w := newWorld(t, basePolicy)
	w.tcp("raw.example", 7000, func(c net.Conn) { _, _ = io.Copy(c, c) })
	w.origin("api.example", 443, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	splice, idle := w.spliced(transparent), w.tls(explicit, "api.example", 443, "api.example")
	pending := make(chan error, 1)
	go func() {
		resp, err := w.client(explicit).Get("https://api.example/")
		if err == nil {
			resp.Body.Close()
		}
		pending <- err
	}()
	await(t, "three records", func() bool { return len(w.sink.all()) == 2 })
	w.server.Close()
	for name, c := range map[string]net.Conn{"splice": splice, "idle": idle} {
		_ = c.SetDeadline(time.Now().Add(5 * time.Second))
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Errorf("%s: still open", name)
		}
	}
	<-pending
	if err := w.server.ServeExplicit(listen(t)); !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("serve after close: %v", err)
	}
	if err := w.server.ServeTransparent(listen(t)); !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("serve after close: %v", err)
	}
}

// A connection that was accepted just before Close is waited for, whether or not its handler has begun.
func TestCloseWaitsForTheAccepted(t *testing.T) {
	w := newWorld(t, basePolicy)
	ours, theirs := net.Pipe()
	defer theirs.Close()
	done, ok := w.server.Admit(ours)
	if !ok {
		t.Fatal("not admitted")
	}
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		w.server.Close()
	}()
	select {
	case <-closed:
		t.Error("closed before its handler had ended")
	case <-time.After(100 * time.Millisecond):
		done()
	}
	<-closed
}
