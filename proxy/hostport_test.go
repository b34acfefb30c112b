package proxy_test

import (
	"io"
	"strings"
	"testing"

	"exeat/policy"
	"exeat/proxy"
	"exeat/proxy/identity"
)

// A port of the host that was lent is reached through both doors, whatever the policy says; any other
// is denied, and says so.
func TestHostPort(t *testing.T) {
	w := newWorld(t, nothing, func(c *proxy.Config) { c.HostPorts = []int{5432} })
	greeter := listen(t)
	go func() {
		for {
			c, err := greeter.Accept()
			if err != nil {
				return
			}
			io.WriteString(c, "hello from the host")
			c.Close()
		}
	}()
	w.routes["127.0.0.1:5432"] = greeter.Addr().String()
	for _, door := range doors {
		if got := readAll(t, w, door, 5432); got != "hello from the host" {
			t.Errorf("%s: got %q", door, got)
		}
		if got := readAll(t, w, door, 5433); !strings.Contains(got, "port 5433 of the host is not lent") {
			t.Errorf("%s, another port: got %q", door, got)
		}
	}
	events := w.sink.all()
	for i, want := range []string{"allow", "deny", "allow", "deny"} {
		if e := events[i]; e.Verdict != want || e.Policy != "host-port" || e.Exe != "/usr/bin/curl" {
			t.Errorf("event %d: got %s by %s for %s", i, e.Verdict, e.Policy, e.Exe)
		}
	}
}

// Who is not known gets no port of the host.
func TestHostPortUnknown(t *testing.T) {
	w := newWorld(t, nothing, func(c *proxy.Config) { c.HostPorts = []int{5432} })
	w.as(identity.Caller{Unknown: "it ended"})
	readAll(t, w, transparent, 5432)
	if e := w.sink.all()[0]; e.Verdict != "deny" || e.Code != string(policy.CodeIdentity) {
		t.Errorf("got %s %s", e.Verdict, e.Code)
	}
}

// readAll asks a port of the host for anything and returns what it says.
func readAll(t *testing.T, w *world, door string, port int) string {
	t.Helper()
	c, err := w.open(t.Context(), door, "host.exeat.local", port)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: host.exeat.local\r\nConnection: close\r\n\r\n")
	c.(interface{ CloseWrite() error }).CloseWrite()
	text, _ := io.ReadAll(c)
	return string(text)
}
