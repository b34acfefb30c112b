package proxy_test

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"exeat/policy"
	"exeat/proxy"
)

// Each address is what a name resolves to; want is the verdict on dialling it.
func TestCheckAddresses(t *testing.T) {
	const public, private, never = "", "private", "never"
	for address, want := range map[string]string{
		"93.184.216.34":                  public,
		"2606:2800:220:1::1":             public,
		"127.0.0.1":                      never,
		"127.8.9.10":                     never,
		"::1":                            never,
		"0.0.0.0":                        never,
		"::":                             never,
		"0.1.2.3":                        never,
		"169.254.169.254":                never,
		"169.254.1.1":                    never,
		"fe80::1":                        never,
		"fe80::1%lo":                     never,
		"224.0.0.1":                      never,
		"ff02::1":                        never,
		"255.255.255.255":                never,
		"240.0.0.1":                      never,
		"100.100.100.200":                never,
		"168.63.129.16":                  never,
		"192.0.0.192":                    never,
		"fd00:ec2::254":                  never,
		"fd20:ce::254":                   never,
		"10.0.0.5":                       private,
		"172.16.0.1":                     private,
		"172.32.0.1":                     public,
		"192.168.1.1":                    private,
		"100.64.0.1":                     private,
		"198.18.0.1":                     private,
		"198.20.0.1":                     public,
		"fc00::1":                        private,
		"fd12::1":                        private,
		"fec0::1":                        private,
		"::ffff:127.0.0.1":               never,   // mapped
		"::ffff:10.0.0.5":                private, // mapped
		"::ffff:93.184.216.34":           public,
		"::127.0.0.1":                    never,   // compatible
		"::10.0.0.5":                     private, // compatible
		"::ffff:0:127.0.0.1":             never,   // SIIT
		"64:ff9b::127.0.0.1":             never,   // NAT64
		"64:ff9b::a9fe:a9fe":             never,   // NAT64, metadata
		"64:ff9b::10.0.0.5":              private,
		"64:ff9b::5db8:d822":             public,
		"64:ff9b:1::127.0.0.1":           never, // local NAT64
		"64:ff9b:1::5db8:d822":           private,
		"64:ff9b:1:7f00:0:100::":         never, // local NAT64 with a prefix of 48 bits
		"64:ff9b:1:7f:0:1::":             never, // of 56
		"64:ff9b:1:0:7f:0:100:0":         never, // of 64
		"fd00:42::42":                    never,
		"2002:7f00:1::":                  never, // 6to4
		"2002:a9fe:a9fe::1":              never,
		"2002:a00:5::1":                  private,
		"2002:5db8:d822::1":              public,
		"2001:0:7f00:1::1":               never,   // Teredo server
		"2001:0:5db8:d822:0:0:80ff:fffe": never,   // Teredo client 127.0.0.1, inverted
		"2001:0:5db8:d822:0:0:f5ff:fffa": private, // Teredo client 10.0.0.5
		"2001:db9::5efe:7f00:1":          never,   // ISATAP
		"2001:db9::200:5efe:a00:5":       private,
	} {
		a := netip.MustParseAddr(address)
		check := func(host string, allowed ...string) string {
			var prefixes []netip.Prefix
			for _, p := range allowed {
				prefixes = append(prefixes, netip.MustParsePrefix(p))
			}
			switch err := proxy.Checker(machine())(host, []netip.Addr{netip.MustParseAddr("1.1.1.1"), a}, prefixes...); {
			case err == nil:
				return public
			case strings.Contains(err.Error(), "private"):
				return private
			default:
				return never
			}
		}
		if got := check("name.example"); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
		if got := check("name.example", "0.0.0.0/0", "::/0"); (got == never) != (want == never) || got == private {
			t.Errorf("%s with everything allowed: %q, want never only if never", address, got)
		}
		if got := check(address); a.Zone() == "" && (got == never) != (want == never) {
			t.Errorf("%s as a literal: %q", address, got)
		}
	}
}

const privatePolicy = `version: 1
network_policies:
  intranet:
    endpoints:
      - { host: wiki.example, port: 443, protocol: rest, enforcement: enforce, access: full, allowed_ips: ["10.0.0.0/8"] }
      - { host: open.example, port: 443, protocol: rest, enforcement: enforce, access: full }
      - { host: raw.example, port: 443, protocol: tcp, allowed_ips: ["10.0.0.0/8"] }
      - { host: spliced.example, port: 443 }
      - { host: 10.0.0.9, port: 80, protocol: rest, enforcement: enforce, access: full }
    binaries:
      - { path: /usr/bin/curl }
`

// A name's addresses decide too. The record names the address and the line to
// add; what the sandbox reads names neither.
func TestResolvedAddresses(t *testing.T) {
	for _, tt := range []struct {
		url       string
		addresses []string
		status    int
		missing   string
	}{
		{"https://wiki.example/", []string{"10.0.0.5"}, 200, ""},
		{"https://wiki.example/", []string{"192.168.0.5"}, 403, `allowed_ips: ["192.168.0.5/32"]`},
		{"https://open.example/", []string{"10.0.0.5"}, 403, `allowed_ips: ["10.0.0.5/32"]`},
		{"https://open.example/", []string{"203.0.113.9", "127.0.0.1"}, 403, ""},
		{"https://open.example/", []string{"169.254.169.254"}, 403, ""},
		{"https://spliced.example/", []string{"10.0.0.5"}, 403, `allowed_ips: ["10.0.0.5/32"]`},
		{"http://10.0.0.9/", nil, 200, ""},
	} {
		for _, door := range doors {
			t.Run(door+"/"+tt.url+strings.Join(tt.addresses, ","), func(t *testing.T) {
				w := newWorld(t, privatePolicy)
				ok := func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, "ok") }
				host := strings.Split(tt.url, "/")[2]
				for _, a := range tt.addresses {
					w.hosts[host] = append(w.hosts[host], netip.MustParseAddr(a))
				}
				if host == "10.0.0.9" {
					w.hosts[host] = []netip.Addr{netip.MustParseAddr(host)}
					w.originWith(nil, host, 80, ok)
				} else {
					w.origin(host, 443, ok)
				}
				resp, err := w.client(door).Get(tt.url)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				body, _ := io.ReadAll(resp.Body)
				if resp.StatusCode != tt.status {
					t.Errorf("got %s %s", resp.Status, body)
				}
				for _, address := range tt.addresses {
					if strings.Contains(string(body), address) {
						t.Errorf("the sandbox was told %s: %s", address, body)
					}
				}
				events := w.sink.all()
				if len(events) != 1 || tt.status == 403 && (events[0].Code != "address_denied" || events[0].RuleMissing != tt.missing) {
					t.Errorf("recorded %s %q", w.sink.verdicts(), events[0].RuleMissing)
				}
			})
		}
	}
}

// One answer of the resolver serves the check and the dial: a name that changes its address in
// between (DNS rebinding) is not asked again.
func TestOneResolution(t *testing.T) {
	w := newWorld(t, basePolicy)
	w.origin("api.example", 443, func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, "ok") })
	client := w.client(transparent)
	for range 3 {
		resp, err := client.Get("https://api.example/")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		w.mu.Lock()
		w.hosts["api.example"] = []netip.Addr{netip.MustParseAddr("127.0.0.1")}
		w.mu.Unlock()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lookups != 1 {
		t.Errorf("%d lookups, want 1", w.lookups)
	}
}

// Failures outside are told from denials: the request was allowed, and the record says so.
func TestUpstreamFailures(t *testing.T) {
	other := authority(t)
	stranger, err := other.Config("api.example")
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		set    func(w *world)
		status int
		code   string
	}{
		"unknown name":   {func(*world) {}, 502, "upstream_unreachable"},
		"nobody listens": {func(w *world) { w.address("api.example") }, 502, "upstream_unreachable"},
		"another issuer": {func(w *world) { w.originWith(stranger, "api.example", 443, nil) }, 502, "upstream_tls"},
		"another name":   {func(w *world) { c, _ := w.public.Config("b.example"); w.originWith(c, "api.example", 443, nil) }, 502, "upstream_tls"},
		"no TLS 1.2": {func(w *world) {
			c, _ := w.public.Config("api.example")
			c = c.Clone()
			c.MaxVersion, c.MinVersion = tls.VersionTLS11, tls.VersionTLS10
			w.originWith(c, "api.example", 443, nil)
		}, 502, "upstream_tls"},
		"hangs up": {func(w *world) {
			w.origin("api.example", 443, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		}, 502, "upstream_unreachable"},
		"switches protocol": {func(w *world) {
			w.origin("api.example", 443, func(rw http.ResponseWriter, _ *http.Request) {
				c, _, _ := http.NewResponseController(rw).Hijack()
				_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
				c.Close()
			})
		}, 502, "upstream_unreachable"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, basePolicy)
			tt.set(w)
			resp, err := w.client(transparent).Post("https://api.example/ok/x", "text/plain", strings.NewReader("body"))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != tt.status || !strings.Contains(string(body), `"`+tt.code+`"`) {
				t.Errorf("got %s %s", resp.Status, body)
			}
			advice := "Retrying later may help"
			if name == "hangs up" { // it may have done what it was asked for
				advice = "look before you repeat it"
			}
			if !strings.Contains(string(body), advice) || strings.Contains(string(body), "ended the connection") != (name == "hangs up") {
				t.Errorf("advises %s", body)
			}
			await(t, "completed", func() bool { e, ok := w.sink.completed(1); return ok && e.Status == tt.status && e.Failed == tt.code })
			if e := w.sink.all()[0]; e.Verdict != string(policy.Allowed) {
				t.Errorf("recorded %s", w.sink.verdicts())
			}
		})
	}
}

// A splice that cannot be made is explained inside TLS.
func TestSpliceUnreachable(t *testing.T) {
	w := newWorld(t, basePolicy)
	w.address("raw.example")
	answer := w.exchange(explicit, "raw.example", 443, "GET / HTTP/1.1\r\nHost: raw.example\r\nConnection: close\r\n\r\n")
	if !strings.HasPrefix(answer, "HTTP/1.1 502 Bad Gateway (exeat: upstream_unreachable)\r\n") || !strings.Contains(answer, "upstream_unreachable") {
		t.Errorf("got %s", answer)
	}
	if e, ok := w.sink.completed(1); !ok || e.Status != 502 || e.Failed != "upstream_unreachable" {
		t.Errorf("completed: %t with %d", ok, e.Status)
	}
	if got := w.sink.all(); len(got) != 1 {
		t.Errorf("recorded %s", w.sink.verdicts())
	}
}
