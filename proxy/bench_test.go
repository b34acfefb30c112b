package proxy_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"testing"

	"exeat/proxy"
	"exeat/proxy/credential"
)

// BenchmarkInspected is one request for 1 KiB on an inspected connection that stays open, and its
// answer. Client and origin allocate nothing, so that the allocations are those of the proxy.
func BenchmarkInspected(b *testing.B) {
	secrets := benchSecrets(b)
	for _, bb := range []struct{ name, token string }{{"plain", "none"}, {"credential", secrets.Env()["BENCH_TOKEN"]}} {
		b.Run(bb.name, func(b *testing.B) {
			w := newWorld(b, basePolicy, func(c *proxy.Config) { c.Sink, c.Credentials = &forgetful{}, secrets })
			w.answers("api.example", 443, smallAnswer)
			c := w.tls(explicit, "api.example", 443, "api.example")
			request := []byte("GET /a/b?x=1 HTTP/1.1\r\nHost: api.example\r\nUser-Agent: bench\r\nX-Token: " + bb.token + "\r\n\r\n")
			reader := bufio.NewReader(c)
			checkAnswer(b, c, request, reader)
			b.ReportAllocs()
			for b.Loop() {
				ask(b, c, request, reader)
			}
		})
	}
}

const smallAnswer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1024\r\n\r\n"

// checkAnswer makes the first request in full: the benchmark must not measure refusals.
func checkAnswer(b *testing.B, c net.Conn, request []byte, reader *bufio.Reader) {
	b.Helper()
	if _, err := c.Write(request); err != nil {
		b.Fatal(err)
	}
	got, err := http.ReadResponse(reader, nil)
	if err != nil {
		b.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, got.Body); n != 1024 || got.StatusCode != http.StatusOK || err != nil {
		b.Fatalf("%s with %d bytes, %v", got.Status, n, err)
	}
}

func ask(b *testing.B, c net.Conn, request []byte, reader *bufio.Reader) {
	if _, err := c.Write(request); err != nil {
		b.Fatal(err)
	}
	skipHead(b, reader)
	if _, err := reader.Discard(1024); err != nil {
		b.Fatal(err)
	}
}

// skipHead reads up to the empty line.
func skipHead(b *testing.B, reader *bufio.Reader) {
	for {
		line, err := reader.ReadSlice('\n')
		if err != nil {
			b.Fatal(err)
		}
		if len(line) == 2 {
			return
		}
	}
}

// answers is an origin that says one thing, with a body of 1 KiB, to every request.
func (w *world) answers(host string, port int, head string) {
	config, err := w.public.Config(host)
	if err != nil {
		w.t.Fatal(err)
	}
	whole := append([]byte(head), make([]byte, 1024)...)
	w.tcp(host, port, func(c net.Conn) {
		outer := tls.Server(c, config)
		reader := bufio.NewReader(outer)
		for {
			line, err := reader.ReadSlice('\n')
			if err != nil {
				return
			}
			if len(line) != 2 {
				continue
			}
			if _, err := outer.Write(whole); err != nil {
				return
			}
		}
	})
}

func benchSecrets(b *testing.B) *credential.Injector {
	b.Helper()
	p, err := credential.NewProvider("bench", "generic", credential.Options{Variable: "BENCH_TOKEN", Hosts: []string{"api.example"}})
	if err != nil {
		b.Fatal(err)
	}
	secret, err := credential.NewValue("a-secret-of-the-benchmark")
	if err != nil {
		b.Fatal(err)
	}
	in, err := credential.NewInjector(credential.Attachment{Provider: p, Secret: secret})
	if err != nil {
		b.Fatal(err)
	}
	return in
}
