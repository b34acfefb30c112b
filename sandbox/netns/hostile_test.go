package netns_test

import (
	"encoding/binary"
	"net"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"exeat/sandbox/netns"
)

// failing counts down the errors of a socket that works afterwards: the supervisor has no descriptor left, say.
type failing int

func (f *failing) err() error {
	if *f == 0 {
		return nil
	}
	*f--
	return syscall.EMFILE
}

type failingListener struct {
	net.Listener
	failing
}

func (f *failingListener) Accept() (net.Conn, error) {
	if err := f.err(); err != nil {
		return nil, err
	}
	return f.Listener.Accept()
}

type failingPacketConn struct {
	net.PacketConn
	failing
}

func (f *failingPacketConn) ReadFrom(b []byte) (int, net.Addr, error) {
	if err := f.err(); err != nil {
		return 0, nil, err
	}
	return f.PacketConn.ReadFrom(b)
}

// An error of a socket passes: it would end the sandbox.
func TestSocketErrorsPass(t *testing.T) {
	stream, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	n := netns.NewNames(noHost)
	go func() { ended <- n.ServeTCP(&failingListener{stream, 3}) }()
	if m := ask(t, stream.Addr().String(), question("github.com.", dnsmessage.TypeA, dnsmessage.ClassINET)); addressOf(m) == "" {
		t.Errorf("got %+v", m)
	}
	stream.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	p := &packet{in: question("github.com.", dnsmessage.TypeA, dnsmessage.ClassINET)}
	if err := n.ServeUDP(&failingPacketConn{p, 3}); err != nil || p.out == nil {
		t.Errorf("datagrams: %v, %q", err, p.out)
	}
}

// A message with thousands of questions is refused before they are read.
func TestManyQuestions(t *testing.T) {
	message := binary.BigEndian.AppendUint16([]byte{0, 7, 1, 0}, 13104)
	message = append(message, make([]byte, 6+5*13104)...) // of the root, type 0
	n := netns.NewNames(noHost)
	if m := reply(t, n, message[:4096]); m.RCode != dnsmessage.RCodeFormatError {
		t.Errorf("got %v", m.RCode)
	}
	_, tcp := serve(t, n)
	if m := ask(t, tcp, message); m.RCode != dnsmessage.RCodeFormatError {
		t.Errorf("over TCP: got %v", m.RCode)
	}
	const times = 50
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range times {
		netns.Answer(n, message)
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / times; each > 16<<10 {
		t.Errorf("%d bytes for each message", each)
	}
}
