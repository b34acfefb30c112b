package proxy_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

const gatePolicy = basePolicy + `  inner:
    endpoints:
      - { host: proxy.corp, port: 3128, protocol: rest, enforcement: enforce, access: full }
      - { host: proxy.corp, port: 3129 }
    binaries:
      - { path: /usr/bin/curl }
`

const gatePassword = " Basic YWRhOnMzY3JldA=="

// Inspected, plain and uninspected connections all leave by CONNECT, to the address that was checked
// and by no name, over a gate with and without TLS.
func TestEverythingLeavesByTheCorporateProxy(t *testing.T) {
	for _, secure := range []bool{false, true} {
		w, g := behindGate(t, 0, secure)
		hello := func(rw http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(rw, "%s %v", r.Host, r.Header["Proxy-Authorization"])
		}
		w.origin("api.example", 443, hello)
		w.originWith(nil, "plain.example", 80, hello)
		w.tcp("raw.example", 7000, func(c net.Conn) {
			_, _ = io.WriteString(c, "220 ready\r\n")
			all, _ := io.ReadAll(c)
			fmt.Fprintf(c, "got %d", len(all))
		})
		for _, tt := range []struct{ url, host, to string }{
			{"https://api.example/x", "api.example", ":443"}, {"http://plain.example/x", "plain.example", ":80"},
		} {
			for _, door := range doors {
				resp := w.text(t, door, tt.url)
				if want := tt.host + " []"; resp != want {
					t.Errorf("%s by %s, TLS %t: got %q, want %q", tt.url, door, secure, resp, want)
				}
			}
			got, want := g.take(), "CONNECT "+w.address(tt.host).String()+tt.to+gatePassword
			if slices.Sort(got); !slices.Equal(slices.Compact(got), []string{want}) {
				t.Errorf("%s: the gate was asked %q, want %q only", tt.url, got, want)
			}
		}
		for _, door := range doors {
			c, err := w.open(t.Context(), door, "raw.example", 7000)
			if err != nil {
				t.Fatal(err)
			}
			_ = c.SetDeadline(time.Now().Add(5 * time.Second))
			r := bufio.NewReader(c)
			if line, err := r.ReadString('\n'); line != "220 ready\r\n" {
				t.Errorf("got %q %v", line, err)
			}
			_, _ = io.WriteString(c, strings.Repeat("x", 100_000))
			_ = c.(interface{ CloseWrite() error }).CloseWrite()
			if got, err := io.ReadAll(r); string(got) != "got 100000" {
				t.Errorf("%s, TLS %t: got %q %v", door, secure, got, err)
			}
			c.Close()
		}
		if got, want := g.take(), "CONNECT "+w.address("raw.example").String()+":7000"+gatePassword; !slices.Equal(got, []string{want, want}) {
			t.Errorf("the gate was asked %q, want %q twice", got, want)
		}
	}
}

// What the gate does not let through is a failure outside, with the gate named as the place, without
// its address, its own words and its password.
func TestTheCorporateProxyRefuses(t *testing.T) {
	for status, words := range map[int]string{
		407: "api.example:443 could not be reached: the corporate proxy on the way answered 407 Proxy Authentication Required: ",
		403: "api.example:443 could not be reached: the corporate proxy on the way answered 403 Forbidden",
		503: "the corporate proxy on the way answered 503 Service Unavailable",
	} {
		w, g := behindGate(t, status, false)
		w.hosts["api.example"] = []netip.Addr{netip.MustParseAddr("203.0.113.1"), netip.MustParseAddr("203.0.113.2")}
		for _, door := range doors {
			var body struct{ Error, Detail string }
			text := w.text(t, door, "https://api.example/x")
			if err := json.Unmarshal([]byte(text), &body); err != nil || body.Error != "upstream_unreachable" || !strings.Contains(body.Detail, words) {
				t.Errorf("%d by %s: got %s %v", status, door, text, err)
			}
			for _, hidden := range []string{"s3cret", "YWRhOn", "proxy.corp", "127.0.0.1"} {
				if strings.Contains(text, hidden) {
					t.Errorf("%d: says too much: %s", status, text)
				}
			}
		}
		want := 4
		if status == 407 {
			want = 2 // a wrong password is not tried again at the next address
		}
		if got := g.take(); len(got) != want {
			t.Errorf("%d: asked %q", status, got)
		}
	}
}

// The gate is one more host of a private network: a policy that names it does not lead there, and a
// name that resolves to an inner address is never asked for.
func TestTheCorporateProxyCannotBeNamed(t *testing.T) {
	for _, inner := range []string{"10.1.2.3", "127.0.0.1", "169.254.169.254"} {
		w, g := behindGate(t, 0, false)
		w.hosts["proxy.corp"] = []netip.Addr{netip.MustParseAddr(inner)}
		for _, door := range doors {
			if got := w.text(t, door, "http://proxy.corp:3128/x"); !strings.Contains(got, "address_denied") {
				t.Errorf("%s by %s: got %s", inner, door, got)
			}
			if c, err := w.open(t.Context(), door, "proxy.corp", 3129); err == nil {
				_ = c.SetDeadline(time.Now().Add(5 * time.Second))
				if got, _ := io.ReadAll(c); len(got) > 0 {
					t.Errorf("%s by %s: got %q", inner, door, got)
				}
				c.Close()
			}
		}
		if got := g.take(); len(got) > 0 {
			t.Errorf("the gate was asked %q", got)
		}
	}
}

// text is the body of an answer, whoever gives it.
func (w *world) text(t *testing.T, door, url string) string {
	t.Helper()
	resp, err := w.client(door).Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
