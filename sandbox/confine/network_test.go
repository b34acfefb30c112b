package confine_test

import (
	"net"
	"strings"
	"testing"
	"time"
)

// UDP and QUIC have no way out and hear so at once; so does TCP to a port of the
// sandbox itself where nothing listens.
func TestRefusedAtOnce(t *testing.T) {
	b := start(t, basic(t))
	for _, c := range []struct{ network, address string }{
		{"udp4", "203.0.113.1:443"},
		{"udp4", "198.18.0.9:443"},
		{"udp6", "[2001:db8::1]:443"},
		{"udp4", "203.0.113.1:123"},
		{"tcp4", "127.0.0.1:8080"},
		{"tcp6", "[::1]:8080"},
	} {
		out, code := run(t, b, inside, "probe", "refused", c.network, c.address)
		if code != 0 || !strings.Contains(out, "connection refused") {
			t.Errorf("%s %s: status %d, %q", c.network, c.address, code, out)
		}
	}
}

// Every TCP connection lands at the supervisor, and so does every DNS question.
func TestCapture(t *testing.T) {
	b := start(t, basic(t))
	for _, c := range []struct {
		network, address string
		at               net.Listener
	}{
		{"tcp4", "203.0.113.1:22", b.Sockets.TCP4},
		{"tcp4", "10.1.2.3:80", b.Sockets.TCP4},
		{"tcp6", "[2001:db8::1]:443", b.Sockets.TCP6},
		{"tcp4", "203.0.113.1:53", b.Sockets.DNSTCP4},
		{"tcp6", "[2001:db8::1]:53", b.Sockets.DNSTCP6},
		{"tcp4", "127.0.0.1:3128", b.Sockets.Proxy},
	} {
		accepted := make(chan error, 1)
		go func() {
			conn, err := c.at.Accept()
			if err == nil {
				conn.Write([]byte("x"))
				conn.Close()
			}
			accepted <- err
		}()
		out, code := run(t, b, inside, "probe", "refused", c.network, c.address)
		if code != 0 || out != "<nil>" {
			t.Errorf("%s %s: status %d, %q", c.network, c.address, code, out)
			c.at.Close()
		}
		<-accepted
	}
	for _, c := range []struct {
		network, address string
		at               net.PacketConn
	}{
		{"udp4", "8.8.8.8:53", b.Sockets.DNSUDP4},
		{"udp4", "127.0.0.53:53", b.Sockets.DNSUDP4},
		{"udp6", "[2001:db8::1]:53", b.Sockets.DNSUDP6},
	} {
		go echo(c.at)
		out, code := run(t, b, inside, "probe", "refused", c.network, c.address)
		if code != 0 || out != "<nil>" {
			t.Errorf("%s %s: status %d, %q", c.network, c.address, code, out)
		}
	}
}

// echo answers one datagram.
func echo(c net.PacketConn) {
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	buf := make([]byte, 16)
	if n, from, err := c.ReadFrom(buf); err == nil {
		c.WriteTo(buf[:n], from)
	}
}

// A program cannot take the supervisor's ports from it.
func TestPortsAreTaken(t *testing.T) {
	b := start(t, basic(t))
	out, code := run(t, b, inside, "probe", "ports")
	if code != 0 {
		t.Errorf("status %d: %q", code, out)
	}
}
