package proxy_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A connection to one host carries no request for another: ids are those of the attack list.
func TestAuthorityIsPinned(t *testing.T) {
	for _, tt := range []struct{ id, sni, request, status, code string }{
		{"HP01 another SNI", "evil.example", "GET / HTTP/1.1\r\nHost: api.example\r\n", "421", "authority_mismatch"},
		{"HP01 another SNI and Host", "evil.example", "GET / HTTP/1.1\r\nHost: evil.example\r\n", "421", "authority_mismatch"},
		{"HP02 another Host", "api.example", "GET / HTTP/1.1\r\nHost: evil.example\r\n", "421", "authority_mismatch"},
		{"another port", "api.example", "GET / HTTP/1.1\r\nHost: api.example:8443\r\n", "421", "authority_mismatch"},
		{"HP15 absolute form to another", "api.example", "GET https://evil.example/ HTTP/1.1\r\nHost: api.example\r\n", "421", "authority_mismatch"},
		{"absolute form, another scheme", "api.example", "GET http://api.example/ HTTP/1.1\r\nHost: api.example\r\n", "400", "authority_mismatch"},
		{"absolute form with a user", "api.example", "GET https://u@api.example/ HTTP/1.1\r\nHost: api.example\r\n", "400", "authority_mismatch"},
		{"bad port", "api.example", "GET / HTTP/1.1\r\nHost: api.example:x\r\n", "421", "authority_mismatch"},
		{"the same", "api.example", "GET / HTTP/1.1\r\nHost: api.example\r\n", "200", ""},
		{"the same, spelled out", "API.example", "GET https://Api.Example:443/ HTTP/1.1\r\nHost: api.example.:443\r\n", "200", ""},
		{"the Host of an absolute form is ignored", "api.example", "GET https://api.example/ HTTP/1.1\r\nHost: evil.example\r\n", "200", ""},
		{"no SNI", "", "GET / HTTP/1.1\r\nHost: api.example\r\n", "200", ""},
	} {
		for _, door := range doors {
			t.Run(door+"/"+tt.id, func(t *testing.T) {
				w := newWorld(t, basePolicy)
				w.origin("api.example", 443, func(rw http.ResponseWriter, r *http.Request) { fmt.Fprintf(rw, "host=%s", r.Host) })
				c := w.tls(door, "api.example", 443, tt.sni)
				_ = c.SetDeadline(time.Now().Add(10 * time.Second))
				_, _ = io.WriteString(c, tt.request+"Connection: close\r\n\r\n")
				b, _ := io.ReadAll(c)
				answer := string(b)
				if !strings.HasPrefix(answer, "HTTP/1.1 "+tt.status+" ") || !strings.Contains(answer, tt.code) {
					t.Errorf("got %s, want %s %s", answer, tt.status, tt.code)
				}
				if tt.status == "200" && !strings.HasSuffix(answer, "host=api.example") {
					t.Errorf("the origin answered %s", answer)
				}
				if got := w.sink.all(); len(got) != 1 || got[0].Code != tt.code || got[0].Host != "api.example" {
					t.Errorf("recorded %s", w.sink.verdicts())
				}
			})
		}
	}
}

// What would stop being HTTP/1.1 requests is refused with a reason the client can read.
func TestOtherProtocolsAreRefused(t *testing.T) {
	const host = "Host: api.example\r\n"
	for name, tt := range map[string]struct{ request, want string }{
		"websocket":       {"GET / HTTP/1.1\r\n" + host + "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n", "this is no valid WebSocket upgrade"},
		"h2":              {"GET / HTTP/1.1\r\n" + host + "Connection: Upgrade\r\nUpgrade: h2\r\n\r\n", "upgrading to h2 cannot be inspected"},
		"prior knowledge": {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/2 without TLS cannot be inspected"},
		"TRACE":           {"TRACE / HTTP/1.1\r\n" + host + "\r\n", "TRACE is"},
		"lower case":      {"get / HTTP/1.1\r\n" + host + "\r\n", "the method is not in upper case"},
		"CONNECT":         {"CONNECT api.example:443 HTTP/1.1\r\n" + host + "\r\n", "CONNECT inside a connection"},
		"expectation":     {"POST /ok/1 HTTP/1.1\r\n" + host + "Expect: magic\r\nContent-Length: 0\r\n\r\n", "Expect is not 100-continue"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, strings.ReplaceAll(basePolicy, "method: GET", `method: "*"`))
			w.origin("api.example", 443, func(http.ResponseWriter, *http.Request) { t.Error("the origin was asked") })
			c := w.tls(explicit, "api.example", 443, "api.example")
			_ = c.SetDeadline(time.Now().Add(5 * time.Second))
			_, _ = io.WriteString(c, tt.request)
			_ = c.CloseWrite()
			answer, _ := io.ReadAll(c)
			if !strings.Contains(string(answer), tt.want) {
				t.Errorf("got %q, want %q", answer, tt.want)
			}
			if got := w.sink.all(); len(got) != 1 || got[0].Verdict != "deny" {
				t.Errorf("recorded %s", w.sink.verdicts())
			}
		})
	}
}

// A client that can only speak what nobody here reads is told so in the record: there is no answer it would understand.
func TestOnlyOtherProtocols(t *testing.T) {
	w := newWorld(t, basePolicy)
	c, err := w.open(t.Context(), transparent, "api.example", 443)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s := tls.Client(c, &tls.Config{RootCAs: w.clientCAs, ServerName: "api.example", NextProtos: []string{"acme-tls/1"}})
	if err := s.HandshakeContext(t.Context()); err == nil {
		t.Fatal("the handshake went through")
	}
	await(t, "a record", func() bool {
		return strings.Contains(w.sink.verdicts(), "deny l4 unsupported_protocol api.example:443")
	})
}

// Plain HTTP to a TLS port would carry an inspected request in clear.
func TestPlainOnPort443(t *testing.T) {
	for _, door := range doors {
		w := newWorld(t, basePolicy)
		c, err := w.open(t.Context(), door, "api.example", 443)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: api.example:443\r\nConnection: close\r\n\r\n")
		answer, _ := io.ReadAll(c)
		if !strings.Contains(string(answer), "plain HTTP on port 443") {
			t.Errorf("%s: got %s", door, answer)
		}
	}
}

// What a client sends together with its CONNECT is not lost.
func TestEarlyBytes(t *testing.T) {
	w := newWorld(t, basePolicy)
	w.originWith(nil, "plain.example", 80, func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, "ok") })
	w.tcp("raw.example", 7000, func(c net.Conn) { _, _ = io.Copy(c, c) })
	c, err := w.connect(t.Context(), "plain.example:80", "GET / HTTP/1.1\r\nHost: plain.example\r\nConnection: close\r\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if answer, _ := io.ReadAll(c); !strings.HasSuffix(string(answer), "ok") {
		t.Errorf("inspected: got %s", answer)
	}
	early := strings.Repeat("EARLY", 3000)
	c, err = w.connect(t.Context(), "raw.example:7000", early)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, "LATE")
	_ = c.(interface{ CloseWrite() error }).CloseWrite()
	if answer, _ := io.ReadAll(c); string(answer) != early+"LATE" {
		t.Errorf("spliced: got %d bytes", len(answer))
	}
}

// The explicit door takes CONNECT and absolute http URLs, and says so to everything else.
func TestExplicitDoorRefuses(t *testing.T) {
	for name, request := range map[string]string{
		"origin form":   "GET / HTTP/1.1\r\nHost: api.example\r\n\r\n",
		"https":         "GET https://api.example/ HTTP/1.1\r\nHost: api.example\r\n\r\n",
		"user":          "GET http://u:p@plain.example/ HTTP/1.1\r\nHost: plain.example\r\n\r\n",
		"no port":       "CONNECT api.example HTTP/1.1\r\nHost: api.example\r\n\r\n",
		"bad port":      "CONNECT api.example:99999 HTTP/1.1\r\nHost: api.example\r\n\r\n",
		"bad host":      "CONNECT a..b:443 HTTP/1.1\r\nHost: a..b\r\n\r\n",
		"odd address":   "CONNECT 0x7f.1:443 HTTP/1.1\r\nHost: x\r\n\r\n",
		"path":          "CONNECT /x HTTP/1.1\r\nHost: x\r\n\r\n",
		"bare LF":       "GET http://plain.example/ HTTP/1.1\nHost: plain.example\n\n",
		"two lengths":   "POST http://plain.example/ HTTP/1.1\r\nHost: plain.example\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
		"prior h2":      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"socks":         "\x05\x01\x00\r\n",
		"tls to a door": "\x16\x03\x01\x02\x00\x01\n",
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, basePolicy)
			w.originWith(nil, "plain.example", 80, func(http.ResponseWriter, *http.Request) { t.Error("the origin was asked") })
			c, err := w.dialExplicit()
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			_ = c.SetDeadline(time.Now().Add(5 * time.Second))
			_, _ = io.WriteString(c, request)
			answer, _ := io.ReadAll(c)
			if name == "prior h2" {
				if !strings.Contains(string(answer), "HTTP/2 without TLS cannot be inspected") {
					t.Errorf("got %q", answer)
				}
			} else if !strings.HasPrefix(string(answer), "HTTP/1.1 400 ") && !strings.HasPrefix(string(answer), "HTTP/1.1 505 ") {
				t.Errorf("got %q", answer)
			}
			if got := w.sink.all(); len(got) != 1 || got[0].Verdict != "deny" {
				t.Errorf("recorded %s", w.sink.verdicts())
			}
		})
	}
}
