package netns_test

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"exeat/sandbox/netns"
)

// serve answers on loopback, over both transports, and returns the addresses.
func serve(t *testing.T, n *netns.Names) (udp, tcp string) {
	t.Helper()
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	stream, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 2)
	go func() { ended <- n.ServeUDP(packets) }()
	go func() { ended <- n.ServeTCP(stream) }()
	t.Cleanup(func() {
		packets.Close()
		stream.Close()
		for range 2 {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	})
	return packets.LocalAddr().String(), stream.Addr().String()
}

func resolver(network, address string) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, address)
	}}
}

func TestResolver(t *testing.T) {
	n := netns.NewNames(noHost)
	udp, tcp := serve(t, n)
	for network, address := range map[string]string{"udp": udp, "tcp": tcp} {
		got, err := resolver(network, address).LookupNetIP(t.Context(), "ip", "api.github.com.")
		if err != nil || len(got) != 1 || !netip.MustParsePrefix("198.18.0.0/15").Contains(got[0].Unmap()) {
			t.Fatalf("%s: got %v, %v, want one synthetic address", network, got, err)
		}
		if name, ok := n.Name(got[0]); !ok || name != "api.github.com" {
			t.Errorf("%s: got name %q, %v, want api.github.com", network, name, ok)
		}
	}
}

// ask sends one question over TCP and returns the reply.
func ask(t *testing.T, address string, message []byte) dnsmessage.Message {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(message))), message...)); err != nil {
		t.Fatal(err)
	}
	return readReply(t, c)
}

func readReply(t *testing.T, c net.Conn) (m dnsmessage.Message) {
	t.Helper()
	buffer := make([]byte, 4096)
	size, err := c.Read(buffer)
	for err == nil && (size < 2 || size < 2+int(binary.BigEndian.Uint16(buffer))) {
		var more int
		more, err = c.Read(buffer[size:])
		size += more
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Unpack(buffer[2:size]); err != nil {
		t.Fatal(err)
	}
	return m
}

func question(name string, typ dnsmessage.Type, class dnsmessage.Class) []byte {
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: 7, RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName(name), Type: typ, Class: class}},
	}
	b, err := m.Pack()
	if err != nil {
		panic(err)
	}
	return b
}

// noHost is a policy without hosts.
func noHost(string) (matched, literally bool) { return false, false }

// written are the names that a policy has without a wildcard.
func written(has func(string) bool) netns.Matcher {
	return func(name string) (matched, literally bool) { return has(name), has(name) }
}

func TestAnswers(t *testing.T) {
	const in = dnsmessage.ClassINET
	rows := []struct {
		name    string
		typ     dnsmessage.Type
		class   dnsmessage.Class
		address string
		code    dnsmessage.RCode
	}{
		{"exeat.local.", dnsmessage.TypeA, in, "198.18.0.1", dnsmessage.RCodeSuccess},
		{"github.com.", dnsmessage.TypeA, in, "198.18.64.0", dnsmessage.RCodeSuccess},
		{"host.exeat.local.", dnsmessage.TypeA, in, "198.18.0.2", dnsmessage.RCodeSuccess},
		{"GitHub.COM.", dnsmessage.TypeA, in, "198.18.64.0", dnsmessage.RCodeSuccess},
		{"never-allowed.example.", dnsmessage.TypeA, in, "198.18.64.1", dnsmessage.RCodeSuccess},
		{"EXEAT.local.", dnsmessage.TypeA, in, "198.18.0.1", dnsmessage.RCodeSuccess},
		{"_service.example.", dnsmessage.TypeA, in, "198.18.0.3", dnsmessage.RCodeSuccess},
		{"localhost.", dnsmessage.TypeA, in, "127.0.0.1", dnsmessage.RCodeSuccess},
		{"dev.localhost.", dnsmessage.TypeA, in, "127.0.0.1", dnsmessage.RCodeSuccess},
		{"github.com.", dnsmessage.TypeAAAA, in, "", dnsmessage.RCodeSuccess},
		{"github.com.", dnsmessage.TypeHTTPS, in, "", dnsmessage.RCodeSuccess},
		{"github.com.", dnsmessage.TypeSVCB, in, "", dnsmessage.RCodeSuccess},
		{"_443._https.github.com.", dnsmessage.TypeHTTPS, in, "", dnsmessage.RCodeSuccess},
		{"nobody-asked-for-a.example.", dnsmessage.TypeHTTPS, in, "", dnsmessage.RCodeSuccess},
		{"github.com.", dnsmessage.TypeTXT, in, "", dnsmessage.RCodeSuccess},
		{"github.com.", dnsmessage.TypeALL, in, "", dnsmessage.RCodeSuccess},
		{"github.com.", dnsmessage.TypeA, dnsmessage.ClassCHAOS, "", dnsmessage.RCodeRefused},
		{"bad name.example.", dnsmessage.TypeA, in, "", dnsmessage.RCodeNameError},
		{"b\xfccher.example.", dnsmessage.TypeA, in, "", dnsmessage.RCodeNameError},
		{".", dnsmessage.TypeA, in, "", dnsmessage.RCodeNameError},
	}
	_, tcp := serve(t, netns.NewNames(written(func(name string) bool { return name == "_service.example" })))
	for _, row := range rows {
		m := ask(t, tcp, question(row.name, row.typ, row.class))
		extra := len(m.Authorities) + len(m.Additionals) // no hint of HTTP/3 or ECH there either
		if got := addressOf(m); m.RCode != row.code || got != row.address || !m.Response || m.ID != 7 || extra > 0 || len(m.Answers) > 1 {
			t.Errorf("%s %v: got %v %q %+v, want %v %q", row.name, row.typ, m.RCode, got, m.Header, row.code, row.address)
		}
	}
}

// addressOf returns the one address in a reply, "" without one.
func addressOf(m dnsmessage.Message) string {
	if len(m.Answers) != 1 {
		return ""
	}
	return netip.AddrFrom4(m.Answers[0].Body.(*dnsmessage.AResource).A).String()
}

func TestNamesKeepTheirAddresses(t *testing.T) {
	n := netns.NewNames(noHost)
	if got, ok := n.Name(netns.LocalAddr()); !ok || got != netns.LocalName {
		t.Errorf("got %q, %v, want %s", got, ok, netns.LocalName)
	}
	if got, ok := n.Name(netip.MustParseAddr("198.18.0.3")); ok {
		t.Errorf("got %q for an address that was never handed out", got)
	}
}

// reply serves exactly one packet.
func reply(t testing.TB, n *netns.Names, message []byte) (m dnsmessage.Message) {
	t.Helper()
	p := &packet{in: message}
	if err := n.ServeUDP(p); err != nil {
		t.Fatal(err)
	}
	if err := m.Unpack(p.out); err != nil {
		t.Fatal(err)
	}
	return m
}

// packet is a socket that receives one packet and is closed then. It exists for the clock of synctest
// and the speed of fuzzing; the other tests use real sockets.
type packet struct {
	net.PacketConn
	in, out []byte
	served  bool
}

func (p *packet) ReadFrom(b []byte) (int, net.Addr, error) {
	if p.served {
		return 0, nil, net.ErrClosed
	}
	p.served = true
	return copy(b, p.in), nil, nil
}

func (p *packet) WriteTo(b []byte, _ net.Addr) (int, error) {
	p.out = append([]byte(nil), b...)
	return len(b), nil
}

// Whatever is sent, the reply is none or a well-formed one to that question, with at most one address,
// and that is loopback or synthetic.
func FuzzAnswer(f *testing.F) {
	f.Add(question("github.com.", dnsmessage.TypeA, dnsmessage.ClassINET))
	f.Add(question("localhost.", dnsmessage.TypeAAAA, dnsmessage.ClassINET))
	f.Add([]byte(strings.Repeat("\xc0\x0c", 40)))
	f.Fuzz(func(t *testing.T, message []byte) {
		p := &packet{in: message}
		if err := netns.NewNames(noHost).ServeUDP(p); err != nil {
			t.Fatal(err)
		}
		if p.out == nil {
			return
		}
		var m dnsmessage.Message
		if err := m.Unpack(p.out); err != nil {
			t.Fatalf("got a malformed reply: %v", err)
		}
		if !m.Response || len(m.Answers) > 1 || len(m.Authorities)+len(m.Additionals) > 0 ||
			m.ID != binary.BigEndian.Uint16(message) {
			t.Errorf("got %+v", m)
		}
		if a := addressOf(m); a != "" && a != "127.0.0.1" && !strings.HasPrefix(a, "198.18.") {
			t.Errorf("got address %s", a)
		}
	})
}

// A connection that says nothing does not keep ServeTCP from ending, and too many are closed at once.
func TestIdleConnections(t *testing.T) {
	_, tcp := serve(t, netns.NewNames(noHost))
	var open []net.Conn
	for range 64 {
		c, err := net.Dial("tcp", tcp)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		open = append(open, c)
	}
	surplus, err := net.Dial("tcp", tcp)
	if err != nil {
		t.Fatal(err)
	}
	defer surplus.Close()
	if _, err := surplus.Read(make([]byte, 1)); err == nil {
		t.Error("got an answer, want the connection closed")
	}
	if _, err := open[0].Write([]byte{0, 1, 'x'}); err != nil { // noise ends its connection
		t.Fatal(err)
	}
	if _, err := open[0].Read(make([]byte, 1)); err == nil {
		t.Error("got an answer to noise, want the connection closed")
	}
}
