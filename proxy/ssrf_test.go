package proxy_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"exeat/policy"
	"exeat/proxy"
)

// dials keeps where the proxy went, in a world where nobody listens.
type dials struct {
	mu sync.Mutex
	to []string
}

func (d *dials) dial(_ context.Context, _, address string) (net.Conn, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.to = append(d.to, address)
	return nil, errors.New("test: nobody listens")
}

func (d *dials) all() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.to)
}

// Spellings of inner addresses that some resolver or library understands. None of them is even looked up,
// also where the policy grants what they stand for.
func TestDisguisedHosts(t *testing.T) {
	const granted = `version: 1
network_policies:
  a:
    endpoints:
      - { host: 10.0.0.9, ports: [80, 443], protocol: rest, enforcement: enforce, access: full }
    binaries: [{ path: /usr/bin/curl }]
`
	var d dials
	w := newWorld(t, granted, func(c *proxy.Config) { c.Dial = d.dial })
	for _, host := range []string{
		"2130706433", "0x7f000001", "017700000001", "0x7f.1", "127.1", "127.0.1", "0177.0.0.1", "127.0.0.01", "0x7f.0x0.0x0.0x1",
		"167772169", "0xa000009", "10.9", "10.0.9", "012.0.0.9", "10.0.0.09", "10.0.0.0x9", "10.0.0.9.1", "10.0.0.265", "4294967305",
		"[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
		"[::1]", "[::]", "[::1%25lo]", "[fe80::1%25eth0]", "[10.0.0.9]", "0.0.0.0", "0", "localhost", "localhost.localdomain", "ip6-localhost",
		"\xe2\x91\xa0\xe2\x91\xa1\xe2\x91\xa6.0.0.1", "127\xe3\x80\x820\xe3\x80\x820\xe3\x80\x821", "10%2e0.0.9", "10.0.0.9%00.example", "169.254.169.254",
		"127.0.0.1.", "127.0.0.1..", "metadata.google.internal", "host.exeat.local", "user@10.0.0.9", "10.0.0.9#x", "10.0.0.9\\x", "10.0.0.9 x",
	} {
		t.Run(host, func(t *testing.T) {
			for _, request := range []string{
				"CONNECT " + host + ":80 HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n",
				"GET http://" + host + "/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
			} {
				if answer := w.say(t, request); !strings.Contains(answer, "HTTP/1.1 4") || len(w.sink.take()) != 1 {
					t.Errorf("%q was answered %q", request, answer)
				}
			}
		})
	}
	if got := d.all(); len(got) != 0 || w.lookups != 0 {
		t.Errorf("dialled %q, %d lookups", got, w.lookups)
	}
}

// say sends bytes to the explicit door and returns all that comes back.
func (w *world) say(t *testing.T, request string) string {
	t.Helper()
	c, err := w.dialExplicit()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, request)
	answer, _ := io.ReadAll(bufio.NewReader(c))
	return string(answer)
}

// A literal of this machine, its links or a cloud's credentials is not dialled, whatever the policy says:
// it does not load, or the address is denied.
func TestForbiddenLiterals(t *testing.T) {
	for _, host := range []string{
		"127.0.0.1", "0.0.0.0", "169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "192.0.0.192", "255.255.255.255", "224.0.0.1",
		"::1", "::", "::ffff:127.0.0.1", "::127.0.0.1", "fe80::1", "fd00:ec2::254", "fd20:ce::254", "fd00:42::42", "64:ff9b::a9fe:a9fe",
		"64:ff9b:1::a9fe:a9fe", "64:ff9b:1:a9fe:a9:fe00::", "64:ff9b:1:a9:fe:a9fe::", "64:ff9b:1:0:a9:fea9:fe00:0", "2002:a9fe:a9fe::", "2001:0:a9fe:a9fe::1", "fe80::5efe:7f00:1",
	} {
		t.Run(host, func(t *testing.T) {
			text := fmt.Sprintf("version: 1\nnetwork_policies:\n  a:\n    endpoints:\n      - { host: %q, port: 80, protocol: rest, enforcement: enforce, access: full, allowed_ips: [\"64:ff9b:1::/48\", \"fd00::/8\"] }\n    binaries: [{ path: /usr/bin/curl }]\n", host)
			p, _ := policy.Parse("test.yaml", []byte(text))
			if p == nil {
				return
			}
			if engine, _ := policy.Compile(p, policy.Options{}); engine == nil {
				return
			}
			var d dials
			w := newWorld(t, text, func(c *proxy.Config) { c.Dial = d.dial })
			for _, door := range doors {
				client := w.client(door)
				resp, err := client.Get("http://" + net.JoinHostPort(host, "80") + "/")
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				if resp.StatusCode != 403 {
					t.Errorf("%s: got %s", door, resp.Status)
				}
			}
			if got := d.all(); len(got) != 0 {
				t.Errorf("dialled %q", got)
			}
		})
	}
}

// changing answers the first question with some addresses and every other with others (DNS rebinding, NT14).
type changing struct {
	mu     sync.Mutex
	asked  int
	first  []netip.Addr
	second []netip.Addr
}

func (c *changing) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.asked++; c.asked == 1 {
		return c.first, nil
	}
	return c.second, nil
}

// Exactly the addresses that were checked are dialled, in their order, after one resolution; an answer
// with one forbidden address leads nowhere (NT12, NT14, NT15).
func TestDialledIsChecked(t *testing.T) {
	addresses := func(list ...string) (out []netip.Addr) {
		for _, a := range list {
			out = append(out, netip.MustParseAddr(a))
		}
		return out
	}
	for _, tt := range []struct {
		name   string
		first  []netip.Addr
		status int
		want   []string
	}{
		{"public", addresses("203.0.113.1", "2606:2800:220:1::1"), 502, []string{"203.0.113.1:443", "[2606:2800:220:1::1]:443"}},
		{"public and loopback", addresses("203.0.113.1", "127.0.0.1"), 403, nil},
		{"private first", addresses("10.0.0.1", "203.0.113.1"), 403, nil},
		{"metadata in NAT64", addresses("203.0.113.1", "64:ff9b::a9fe:a9fe"), 403, nil},
		{"mapped", addresses("::ffff:127.0.0.1"), 403, nil},
		{"a zone", addresses("fe80::1%lo"), 403, nil},
	} {
		for _, host := range []string{"api.example", "raw.example"} {
			for _, door := range doors {
				t.Run(door+"/"+host+"/"+tt.name, func(t *testing.T) {
					var d dials
					r := &changing{first: tt.first, second: addresses("127.0.0.1")}
					w := newWorld(t, basePolicy, func(c *proxy.Config) { c.Dial, c.Resolver = d.dial, r })
					resp, err := w.client(door).Get("https://" + host + "/")
					if err != nil {
						t.Fatal(err)
					}
					resp.Body.Close()
					if resp.StatusCode != tt.status || !slices.Equal(d.all(), tt.want) || r.asked != 1 {
						t.Errorf("got %s, dialled %q after %d lookups, want %d and %q", resp.Status, d.all(), r.asked, tt.status, tt.want)
					}
				})
			}
		}
	}
}

// A name whose addresses did not answer is resolved and checked anew.
func TestResolvedAgain(t *testing.T) {
	var d dials
	r := &changing{first: []netip.Addr{netip.MustParseAddr("203.0.113.1")}, second: []netip.Addr{netip.MustParseAddr("127.0.0.1")}}
	w := newWorld(t, basePolicy, func(c *proxy.Config) { c.Dial, c.Resolver = d.dial, r })
	for i, want := range []int{http.StatusBadGateway, http.StatusForbidden} { // nobody answers; what it resolves to next is denied
		resp, err := w.client(transparent).Get("https://api.example/")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want || len(d.all()) != 1 {
			t.Errorf("request %d: got %s, dialled %q", i, resp.Status, d.all())
		}
	}
}
