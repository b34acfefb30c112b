package proxy_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"exeat/proxy"
)

// HP18: a wildcard is one strict subdomain, whatever looks like it. "" is an answer of the origin.
func TestWildcardHosts(t *testing.T) {
	const wildcard = `version: 1
network_policies:
  a:
    endpoints:
      - { host: "*.a.example", port: 80, protocol: rest, enforcement: enforce, access: full }
    binaries: [{ path: /usr/bin/curl }]
`
	w := newWorld(t, wildcard)
	for host, code := range map[string]string{
		"x.a.example": "", "X.A.EXAMPLE": "", "x.a.example.": "",
		"a.example": "policy_denied", "xa.example": "policy_denied", "x.y.a.example": "policy_denied", "a.example.evil.test": "policy_denied",
		"x.a.example.evil.test": "policy_denied", "x.a.examples": "policy_denied", "evil.test": "policy_denied", "10.0.0.1": "policy_denied",
		".a.example": "malformed_request", "*.a.example": "malformed_request", "x..a.example": "malformed_request", "%78.a.example": "malformed_request",
	} {
		w.originWith(nil, strings.ToLower(strings.TrimSuffix(host, ".")), 80, func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, "the origin speaks") })
		answer := w.say(t, "GET http://"+host+"/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		if through := strings.Contains(answer, "the origin speaks"); through != (code == "") || !strings.Contains(answer, code) {
			t.Errorf("%s: want %q, got %s", host, code, answer)
		}
	}
}

// HP19: where an answer sends the client is judged when the client goes there.
func TestRedirectIsJudged(t *testing.T) {
	for _, door := range doors {
		for _, to := range []string{"https://evil.example/x", "http://169.254.169.254/latest/meta-data", "https://api.example/ok/../../x", "http://exeat.local@evil.example/"} {
			w := newWorld(t, basePolicy)
			w.origin("api.example", 443, func(rw http.ResponseWriter, r *http.Request) {
				rw.Header().Set("Location", to)
				rw.WriteHeader(http.StatusTemporaryRedirect)
			})
			client := w.client(door)
			client.CheckRedirect = nil
			request, _ := http.NewRequestWithContext(t.Context(), "POST", "https://api.example/ok/1", strings.NewReader("secret"))
			resp, err := client.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			events := w.sink.all()
			if len(events) != 2 || events[0].Verdict != "allow" || events[1].Verdict != "deny" {
				t.Errorf("%s, to %s: got %s, recorded %s", door, to, resp.Status, w.sink.verdicts())
			}
		}
	}
}

// leaf is a server's certificate under an authority, or under itself.
func leaf(t *testing.T, change func(*x509.Certificate)) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "api.example"}, DNSNames: []string{"api.example"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	change(c)
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

// HP24: an origin that cannot prove its name hears nothing, not even a request's first byte.
func TestUpstreamCertificates(t *testing.T) {
	for name, tt := range map[string]struct {
		trusted bool
		change  func(*x509.Certificate)
	}{
		"self-signed":     {false, func(*x509.Certificate) {}},
		"expired":         {true, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }},
		"not valid yet":   {true, func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) }},
		"another name":    {true, func(c *x509.Certificate) { c.DNSNames = []string{"b.example"} }},
		"a suffix":        {true, func(c *x509.Certificate) { c.DNSNames = []string{"*.api.example"} }},
		"a common name":   {true, func(c *x509.Certificate) { c.DNSNames = nil }},
		"a client's leaf": {true, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }},
	} {
		for _, door := range doors {
			t.Run(door+"/"+name, func(t *testing.T) {
				config := leaf(t, tt.change)
				roots := x509.NewCertPool()
				if tt.trusted {
					c, _ := x509.ParseCertificate(config.Certificates[0].Certificate[0])
					roots.AddCert(c)
				}
				w := newWorld(t, basePolicy, func(c *proxy.Config) { c.Roots = roots })
				w.originWith(config, "api.example", 443, func(http.ResponseWriter, *http.Request) { t.Error("the origin was asked") })
				answer := w.exchange(door, "api.example", 443, "GET / HTTP/1.1\r\nHost: api.example\r\nAuthorization: Bearer x\r\nConnection: close\r\n\r\n")
				if !strings.HasPrefix(answer, "HTTP/1.1 502 ") || !strings.Contains(answer, `"upstream_tls"`) {
					t.Errorf("got %s", answer)
				}
			})
		}
	}
}

// HP29: a client's certificate reaches an origin only through an uninspected endpoint, and there it does.
func TestClientCertificates(t *testing.T) {
	mine := leaf(t, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })
	for _, door := range doors {
		for host, want := range map[string]int{"raw.example": 200, "api.example": 502} {
			w := newWorld(t, basePolicy)
			config, _ := w.public.Config(host)
			config = config.Clone()
			config.ClientAuth = tls.RequireAnyClientCert
			w.originWith(config, host, 443, func(http.ResponseWriter, *http.Request) {})
			client := w.client(door)
			trust := pool(w.public)
			trust.AppendCertsFromPEM(w.authority.PEM())
			client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: trust, Certificates: mine.Certificates}
			resp, err := client.Get("https://" + host + "/")
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != want {
				t.Errorf("%s, %s: got %s", door, host, resp.Status)
			}
		}
	}
}

// HP04: bytes inside CONNECT to an inspected port that are neither TLS nor HTTP lead nowhere, and plain
// HTTP is judged like any other.
func TestPlaintextInsideConnect(t *testing.T) {
	w := newWorld(t, basePolicy)
	var heard []string
	w.originWith(nil, "plain.example", 80, func(_ http.ResponseWriter, r *http.Request) { heard = append(heard, r.URL.Path) })
	w.tcp("api.example", 443, func(net.Conn) { t.Error("the origin was dialled") })
	for _, tt := range []struct{ target, send, want string }{
		{"plain.example:80", "GET /1 HTTP/1.1\r\nHost: plain.example\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 "},
		{"plain.example:80", "DELETE /2 HTTP/1.1\r\nHost: plain.example\r\nConnection: close\r\n\r\n", "HTTP/1.1 403 "},
		{"plain.example:80", "GET /3 HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", "HTTP/1.1 421 "},
		{"api.example:443", "GET /4 HTTP/1.1\r\nHost: api.example:443\r\nConnection: close\r\n\r\n", "HTTP/1.1 403 "},
		{"api.example:443", "SSH-2.0-OpenSSH_9.2\r\n", "SSH-2.0-exeat\r\n"},
		{"api.example:443", "\x80\x2e\x01\x00\x02", ""}, // SSL 2
		{"api.example:443", "\x05\x01\x00", ""},         // SOCKS
		{"api.example:443", "\x00\x00\x00\x04", ""},
	} {
		c, err := w.connect(t.Context(), tt.target, tt.send)
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(10 * time.Second))
		answer, _ := io.ReadAll(c)
		c.Close()
		if !strings.HasPrefix(string(answer), tt.want) || tt.want == "" && len(answer) != 0 {
			t.Errorf("%q was answered %q", tt.send, answer)
		}
	}
	if !slices.Equal(heard, []string{"/1"}) {
		t.Errorf("the origin heard %q", heard)
	}
}

// HP26: an answer that unpacks to a thousand times its size passes packed.
func TestPackedAnswerStaysPacked(t *testing.T) {
	w := newWorld(t, basePolicy)
	packed := strings.Repeat("\x1f\x8b\x08\x00", 100)
	w.origin("api.example", 443, func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Encoding", "gzip")
		_, _ = io.WriteString(rw, packed)
	})
	resp, err := w.client(transparent).Get("https://api.example/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got, err := io.ReadAll(resp.Body); string(got) != packed || err != nil {
		t.Errorf("got %s, %v", fmt.Sprint(len(got)), err)
	}
}
