package corporate_test

import (
	"bufio"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"exeat/proxy/corporate"
)

// answering is a proxy that answers every request alike; what it was asked is in asked.
func answering(t *testing.T, answer string) (address string, asked chan *http.Request) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	asked = make(chan *http.Request, 8)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			r, err := http.ReadRequest(bufio.NewReader(c))
			if err == nil {
				asked <- r
			}
			_, _ = io.WriteString(c, answer)
			_ = c.(*net.TCPConn).CloseWrite()
		}
	}()
	return l.Addr().String(), asked
}

func parse(t *testing.T, raw string) *corporate.Proxy {
	t.Helper()
	p, err := corporate.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const target = "203.0.113.9:443"

// Each answer of a proxy, and what is made of it: what comes through the tunnel, or words.
func TestAnswers(t *testing.T) {
	for _, tt := range []struct{ name, answer, through, words string }{
		{"a server that speaks at once", "HTTP/1.1 200 Connection established\r\n\r\nSSH-2.0-x\r\n", "SSH-2.0-x\r\n", ""},
		{"HTTP/1.0, without a reason", "HTTP/1.0 200\r\nVia: x\r\n\r\nhello", "hello", ""},
		{"bare line feeds", "HTTP/1.1 200 OK\n\nhello", "hello", ""},
		{"a length that does not count", "HTTP/1.1 204 x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello", "hello", ""},
		{"wants a password", "HTTP/1.1 407 say s3cret\r\n\r\n", "", "407 Proxy Authentication Required: the host's config.yaml has"},
		{"refuses", "HTTP/1.1 403 proxy.corp says no\r\nContent-Length: 0\r\n\r\n", "", "answered 403 Forbidden"},
		{"an unknown status", "HTTP/1.1 599 x\r\n\r\n", "", "answered 599"},
		{"redirects", "HTTP/1.1 302 x\r\nLocation: http://evil.example\r\n\r\n", "", "answered 302 Found"},
		{"not yet", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "", "answered 100 Continue"},
		{"not HTTP", "220 mail ready\r\n\r\n", "", "not HTTP"},
		{"HTTP/2", "HTTP/2 200 OK\r\n\r\n", "", "not HTTP"},
		{"four digits", "HTTP/1.1 2000 OK\r\n\r\n", "", "not HTTP"},
		{"ends early", "HTTP/1.1 200 OK\r\n", "", "without an answer"},
		{"says nothing", "", "", "without an answer"},
		{"without end", "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", 5000), "", "too long a header"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			address, asked := answering(t, tt.answer)
			c, err := parse(t, "http://ada:s3cret@"+address).Dial(t.Context(), target, nil)
			r := <-asked
			got, want := fmt.Sprint(r.Method, r.RequestURI, r.Host, r.Header), fmt.Sprint("CONNECT", target, target, "map[Proxy-Authorization:[Basic YWRhOnMzY3JldA==]]")
			if got != want {
				t.Errorf("asked %s, want %s", got, want)
			}
			if tt.words != "" {
				ended, ok := errors.AsType[*corporate.Error](err)
				if !ok || !strings.Contains(err.Error(), tt.words) || ended.Final() != strings.HasPrefix(tt.words, "407") {
					t.Errorf("got %v", err)
				}
				if strings.Contains(err.Error(), "proxy.corp") || strings.Contains(err.Error(), "s3cret") {
					t.Errorf("says too much: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if _, ok := c.(*net.TCPConn); !ok {
				t.Errorf("a %T cannot be spliced", c)
			}
			if got, err := io.ReadAll(c); string(got) != tt.through {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

// Only literal addresses are asked for, one way to spell each. Loopback is this machine, not the proxy's.
func TestOnlyAddresses(t *testing.T) {
	address, asked := answering(t, "HTTP/1.1 200 OK\r\n\r\n")
	p := parse(t, "http://"+address)
	for _, name := range []string{"github.com:443", "203.0.113.9", "[fe80::1%lo]:443", "203.0.113.9:https", "2130706433:80", "x\r\nX: y:1", ""} {
		if c, err := p.Dial(t.Context(), name, nil); err == nil {
			c.Close()
			t.Errorf("%q was asked for", name)
		}
	}
	for to, want := range map[string]string{"[2001:db8::1]:443": "[2001:db8::1]:443", "[::ffff:203.0.113.9]:80": "203.0.113.9:80"} {
		c, err := p.Dial(t.Context(), to, nil)
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		if r := <-asked; r.RequestURI != want || r.Header.Get("Proxy-Authorization") != "" {
			t.Errorf("%s: asked for %s %v", to, r.RequestURI, r.Header)
		}
	}
	own := httptest.NewServer(http.NotFoundHandler())
	defer own.Close()
	c, err := p.Dial(t.Context(), own.Listener.Addr().String(), nil)
	if err != nil || len(asked) > 0 {
		t.Fatalf("a port of this machine: %v, %d requests", err, len(asked))
	}
	c.Close()
}

// A proxy that cannot be used is named as the place, and by nothing else.
func TestUnusable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	silent := l.Addr().String() // accepts, and never answers
	defer l.Close()
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	secure.StartTLS()
	defer secure.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	for url, words := range map[string]string{
		"http://127.0.0.1:1":                         "connection refused",
		"http://proxy.invalid:3128":                  "its name cannot be resolved",
		"http://" + silent:                           "deadline exceeded",
		"https://" + silent:                          "deadline exceeded",
		"https://" + secure.Listener.Addr().String(): "its certificate is not trusted on the host",
		"https://" + plain.Listener.Addr().String():  "it does not speak TLS",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		_, err := parse(t, url).Dial(ctx, target, x509.NewCertPool())
		cancel()
		if _, ok := errors.AsType[*corporate.Error](err); !ok || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v, want %q", url, err, words)
		}
		if strings.Contains(err.Error(), "127.0.0.1") || strings.Contains(err.Error(), "invalid") {
			t.Errorf("%s: says too much: %v", url, err)
		}
	}
	// With its certificate trusted, the same proxy is asked.
	roots := x509.NewCertPool()
	roots.AddCert(secure.Certificate())
	_, err = parse(t, "https://"+secure.Listener.Addr().String()).Dial(t.Context(), target, roots)
	if err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("over TLS: %v", err)
	}
}
