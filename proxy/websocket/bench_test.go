package websocket_test

import (
	"io"
	"net"
	"strings"
	"testing"

	"exeat/proxy/websocket"
)

// BenchmarkEcho is the round trip of 1 KiB over loopback, through a relay that judges, one that does not, and a bare copy of bytes.
func BenchmarkEcho(b *testing.B) {
	carry := func(judge websocket.Judge) func(client, origin net.Conn) {
		return func(client, origin net.Conn) {
			_ = (&websocket.Relay{Client: client, Origin: origin, Judge: judge, MaxMessage: 1 << 20}).Run(b.Context())
		}
	}
	b.Run("judged", func(b *testing.B) { echoes(b, carry(allow)) })
	b.Run("unread", func(b *testing.B) { echoes(b, carry(nil)) })
	b.Run("copy", func(b *testing.B) {
		echoes(b, func(client, origin net.Conn) {
			// Without the kernel's splicing, which TLS rules out in a proxy as well.
			go func() { _, _ = io.Copy(struct{ io.Writer }{origin}, struct{ io.Reader }{client}) }()
			_, _ = io.Copy(struct{ io.Writer }{client}, struct{ io.Reader }{origin})
		})
	})
}

func echoes(b *testing.B, relay func(client, origin net.Conn)) {
	client, inner := tcp(b)
	server, outer := tcp(b)
	payload := strings.Repeat("x", 1<<10)
	request, answer := frame{op: binar, payload: payload}.bytes(), frame{op: binar, bare: true, payload: payload}.bytes()
	go relay(inner, outer)
	go func() {
		in := make([]byte, len(request))
		for {
			if _, err := io.ReadFull(server, in); err != nil {
				return
			}
			_, _ = server.Write(answer)
		}
	}()
	in := make([]byte, len(answer))
	for b.Loop() {
		_, _ = client.Write(request)
		if _, err := io.ReadFull(client, in); err != nil {
			b.Fatal(err)
		}
	}
	client.Close()
	server.Close()
}
