package proxy_test

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"exeat/proxy"
)

// machine has these addresses, each with the length of its network.
func machine(addresses ...string) func() ([]net.Addr, error) {
	var list []net.Addr
	for _, a := range addresses {
		ip, network, err := net.ParseCIDR(a)
		if err != nil {
			panic(err)
		}
		list = append(list, &net.IPNet{IP: ip, Mask: network.Mask})
	}
	return func() ([]net.Addr, error) { return list, nil }
}

// A connection to this machine's public address arrives over lo, past the firewall before it. No allowed_ips and
// no literal opens it; a neighbour in an IPv6 network is as private as one in 192.168.0.0/16.
func TestOwnAddresses(t *testing.T) {
	here := machine("203.0.113.5/24", "192.168.7.9/24", "2001:db8:1:2::7/64")
	const never, private, public = "this machine's own", "private network", ""
	for address, want := range map[string]string{
		"203.0.113.5": never, "::ffff:203.0.113.5": never, "64:ff9b::203.0.113.5": never, "2002:cb00:7105::1": never,
		"2001:db8:1:2::7": never, "192.168.7.9": never,
		"203.0.113.6": public, "192.168.7.10": private, "2001:db8:1:2::8": private, "2001:db8:1:3::7": public,
	} {
		check := func(host string, allowed ...netip.Prefix) string {
			err := proxy.Checker(here)(host, []netip.Addr{netip.MustParseAddr(address)}, allowed...)
			for _, kind := range []string{never, private} {
				if err != nil && strings.Contains(err.Error(), kind) {
					return kind
				}
			}
			return public
		}
		if got := check("name.example"); got != want {
			t.Errorf("%s: got %q, want %q", address, got, want)
		}
		all := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}
		for _, got := range []string{check("name.example", all...), check(address)} {
			if (got == never) != (want == never) || got == private {
				t.Errorf("%s, opened: got %q, want %q only where it is never", address, got, never)
			}
		}
	}
}

// A record names an address as a policy does, and not as the resolver gives it.
func TestDeniedAddressIsWrittenAsInAPolicy(t *testing.T) {
	check := proxy.Checker(machine("192.168.7.9/24"))
	for _, address := range []string{"192.168.7.10", "192.168.7.9", "127.0.0.1"} {
		err := check("name.example", []netip.Addr{netip.MustParseAddr("::ffff:" + address)})
		if err == nil || !strings.Contains(err.Error(), "address "+address+" is ") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// Where the kernel does not tell what this machine's addresses are, nothing is dialled.
func TestUnreadableInterfaces(t *testing.T) {
	var d dials
	w := newWorld(t, basePolicy, func(c *proxy.Config) {
		c.Dial = d.dial
		c.Interfaces = func() ([]net.Addr, error) { return nil, errors.New("too many open files") }
	})
	w.address("api.example")
	resp, err := w.client(transparent).Get("https://api.example/")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden || len(d.all()) != 0 {
		t.Errorf("got %s, dialled %q", resp.Status, d.all())
	}
	if e := w.sink.all()[0]; e.Code != "address_denied" || !strings.Contains(e.Reason, "too many open files") || e.RuleMissing != "" {
		t.Errorf("recorded %+v", e)
	}
}

// An address that this machine gets while a sandbox runs is its own within seconds, and what is asked in between
// costs no system call each.
func TestInterfacesAreReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reads, now := 0, machine("192.0.2.1/32")
		check := proxy.Checker(func() ([]net.Addr, error) { reads++; return now() })
		address := []netip.Addr{netip.MustParseAddr("203.0.113.5")}
		for range 100 {
			if err := check("name.example", address); err != nil {
				t.Fatal(err)
			}
		}
		if reads != 1 {
			t.Errorf("read %d times, want once", reads)
		}
		now = machine("203.0.113.5/24")
		time.Sleep(5 * time.Second)
		if err := check("name.example", address); err == nil {
			t.Error("the new address is dialled")
		}
	})
}

// Of thousands of addresses all are checked, every time, and the first few are dialled.
func TestManyAddresses(t *testing.T) {
	many := func(last ...string) (out []netip.Addr) {
		for i := range 4000 {
			out = append(out, netip.AddrFrom4([4]byte{203, 0, byte(113 + i>>8), byte(i)}))
		}
		for _, a := range last {
			out = append(out, netip.MustParseAddr(a))
		}
		return out
	}
	for _, tt := range []struct {
		name          string
		answer        []netip.Addr
		status, dials int
	}{
		{"public", many(), http.StatusBadGateway, 16},
		{"loopback behind them", many("127.0.0.1"), http.StatusForbidden, 0},
		{"a private one behind them", many("10.0.0.1"), http.StatusForbidden, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var d dials
			r := &changing{first: tt.answer, second: tt.answer}
			w := newWorld(t, basePolicy, func(c *proxy.Config) { c.Dial, c.Resolver = d.dial, r })
			for i := range 2 {
				resp, err := w.client(transparent).Get("https://api.example/")
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				if got := len(d.all()); resp.StatusCode != tt.status || got != (i+1)*tt.dials {
					t.Errorf("request %d: got %s after %d dials, want %d after %d each", i, resp.Status, got, tt.status, tt.dials)
				}
			}
		})
	}
}
