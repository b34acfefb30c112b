package proxy_test

import (
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

const nativePolicy = `version: 1
network_policies:
  native:
    endpoints:
      - { host: db.example, ports: [22, 25, 3306, 5432, 6379, 6380, 7000], protocol: tcp }
    binaries: [{ path: /usr/bin/curl }]
`

// wire speaks a protocol from one end. A step that goes wrong ends the conversation.
type wire struct {
	net.Conn
	err error
}

func newWire(c net.Conn) *wire {
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	return &wire{Conn: c}
}

func (w *wire) say(text string) {
	if w.err == nil {
		_, w.err = io.WriteString(w.Conn, text)
	}
}

func (w *wire) hear(want string) {
	if w.err != nil {
		return
	}
	got := make([]byte, len(want))
	if _, w.err = io.ReadFull(w.Conn, got); w.err == nil && string(got) != want {
		w.err = fmt.Errorf("heard %q, want %q", got, want)
	}
}

// secure goes on in TLS.
func (w *wire) secure(end func(net.Conn) *tls.Conn) {
	if w.err == nil {
		c := end(w.Conn)
		w.Conn, w.err = c, c.Handshake()
	}
}

// sslRequest asks a PostgreSQL server for TLS (message formats, SSLRequest).
var sslRequest = string(binary.BigEndian.AppendUint32([]byte{0, 0, 0, 8}, 80877103))

// startup is PostgreSQL's first message for a user "ada".
const startup = "\x00\x00\x00\x12\x00\x03\x00\x00user\x00ada\x00\x00"

// mysqlGreeting is of protocol 10, shortened; mysqlTLS is the client's SSLRequest packet.
var (
	mysqlGreeting = "\x0c\x00\x00\x00\x0a8.0.36\x00salt"
	mysqlTLS      = "\x20\x00\x00\x01" + strings.Repeat("\x00", 32)
)

// Native protocols pass by protocol: tcp as they are, without proxy settings, whoever speaks first.
func TestNativeProtocols(t *testing.T) {
	w := newWorld(t, nativePolicy)
	config, err := w.public.Config("db.example")
	if err != nil {
		t.Fatal(err)
	}
	config = config.Clone()
	config.NextProtos = []string{"postgresql"}
	serve := func(c net.Conn) *tls.Conn { return tls.Server(c, config) }
	verified := func(c net.Conn) *tls.Conn {
		return tls.Client(c, &tls.Config{RootCAs: pool(w.public), ServerName: "db.example", NextProtos: []string{"postgresql"}})
	}
	nameless := func(c net.Conn) *tls.Conn { return tls.Client(c, &tls.Config{InsecureSkipVerify: true}) }
	for _, tt := range []struct {
		name           string
		port           int
		server, client func(w *wire)
	}{
		{
			"SSH", 22,
			func(w *wire) {
				w.say("SSH-2.0-OpenSSH_9.2\r\n")
				w.hear("SSH-2.0-client\r\n")
				w.say("\x00\x00\x04\x1c")
			},
			func(w *wire) {
				w.hear("SSH-2.0-OpenSSH_9.2\r\n")
				w.say("SSH-2.0-client\r\n")
				w.hear("\x00\x00\x04\x1c")
			},
		},
		{
			"SSH, both at once", 22,
			func(w *wire) { w.say("SSH-2.0-OpenSSH_9.2\r\n"); w.hear("SSH-2.0-client\r\n"); w.say("x") },
			func(w *wire) { w.say("SSH-2.0-client\r\n"); w.hear("SSH-2.0-OpenSSH_9.2\r\nx") },
		},
		{
			"SMTP with STARTTLS", 25,
			func(w *wire) {
				w.say("220 ready\r\n")
				w.hear("STARTTLS\r\n")
				w.say("220 go\r\n")
				w.secure(serve)
				w.hear("EHLO\r\n")
				w.say("250\r\n")
			},
			func(w *wire) {
				w.hear("220 ready\r\n")
				w.say("STARTTLS\r\n")
				w.hear("220 go\r\n")
				w.secure(nameless)
				w.say("EHLO\r\n")
				w.hear("250\r\n")
			},
		},
		{
			"PostgreSQL", 5432,
			func(w *wire) { w.hear(sslRequest); w.say("N"); w.hear(startup); w.say("R") },
			func(w *wire) { w.say(sslRequest); w.hear("N"); w.say(startup); w.hear("R") },
		},
		{
			"PostgreSQL with TLS", 5432,
			func(w *wire) { w.hear(sslRequest); w.say("S"); w.secure(serve); w.hear(startup); w.say("R") },
			func(w *wire) { w.say(sslRequest); w.hear("S"); w.secure(verified); w.say(startup); w.hear("R") },
		},
		{
			"PostgreSQL with TLS from the first byte", 5432,
			func(w *wire) { w.secure(serve); w.hear(startup); w.say("R") },
			func(w *wire) { w.secure(verified); w.say(startup); w.hear("R") },
		},
		{
			"MySQL with TLS", 3306,
			func(w *wire) { w.say(mysqlGreeting); w.hear(mysqlTLS); w.secure(serve); w.hear("login"); w.say("ok") },
			func(w *wire) {
				w.hear(mysqlGreeting)
				w.say(mysqlTLS)
				w.secure(nameless)
				w.say("login")
				w.hear("ok")
			},
		},
		{
			"Redis, inline", 6379,
			func(w *wire) { w.hear("PING\r\n"); w.say("+PONG\r\n") },
			func(w *wire) { w.say("PING\r\n"); w.hear("+PONG\r\n") },
		},
		{
			"Redis", 6379,
			func(w *wire) { w.hear("*1\r\n$4\r\nPING\r\n"); w.say("+PONG\r\n") },
			func(w *wire) { w.say("*1\r\n$4\r\nPING\r\n"); w.hear("+PONG\r\n") },
		},
		{
			"Redis over TLS", 6380,
			func(w *wire) { w.secure(serve); w.hear("PING\r\n"); w.say("+PONG\r\n") },
			func(w *wire) { w.secure(verified); w.say("PING\r\n"); w.hear("+PONG\r\n") },
		},
		{
			"a method of HTTP, which is not read", 7000,
			func(w *wire) { w.hear("GET / HTTP/1.1\r\n"); w.say("no") },
			func(w *wire) { w.say("GET / HTTP/1.1\r\n"); w.hear("no") },
		},
		{
			"a byte that TLS begins with, and then none of it", 7000,
			func(w *wire) { w.say("\x16"); w.hear("x\x16\x16\x16"); w.say("\x16") },
			func(w *wire) { w.hear("\x16"); w.say("x\x16\x16\x16"); w.hear("\x16") },
		},
	} {
		for _, door := range doors {
			t.Run(tt.name+"/"+door, func(t *testing.T) {
				ended := make(chan error, 1)
				w.tcp("db.example", tt.port, func(c net.Conn) {
					s := newWire(c)
					tt.server(s)
					ended <- s.err
				})
				c, err := w.open(t.Context(), door, "db.example", tt.port)
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				client := newWire(c)
				tt.client(client)
				if err := <-ended; err != nil || client.err != nil {
					t.Errorf("client: %v; server: %v", client.err, err)
				}
			})
		}
	}
	if got := w.sink.verdicts(); strings.Contains(got, "deny") {
		t.Errorf("recorded %s", got)
	}
}
