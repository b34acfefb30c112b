package netns_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"exeat/sandbox/netns"
)

// withoutNetfilter makes a kernel without nf_tables of this one: its netlink
// protocol does not exist for this process any more.
func withoutNetfilter(t *testing.T) {
	t.Helper()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	code := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_SOCKET, Jf: 5},
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 16},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.AF_NETLINK, Jf: 3},
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 16 + 8*2},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.NETLINK_NETFILTER, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: 0x00050000 | uint32(unix.EPROTONOSUPPORT)},
		{Code: unix.BPF_RET | unix.BPF_K, K: 0x7fff0000},
	}
	p := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	if _, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&p))); e != 0 {
		t.Fatal(e)
	}
}

// direct is a network without a redirect.
func direct(t *testing.T) *netns.Sockets {
	t.Helper()
	withoutNetfilter(t)
	ends, err := netns.Setup()
	if err != nil {
		t.Fatal(err)
	}
	if want := "nf_conntrack_netlink: protocol not supported"; ends.NoRedirect != want || ends.Rules != 0 {
		t.Errorf("got %q and %d rules, want %q and none", ends.NoRedirect, ends.Rules, want)
	}
	s, err := netns.Adopt(ends.Names, ends.Files)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// openPort opens a port as init does: with no capability.
func openPort(t *testing.T, port int) []net.Listener {
	t.Helper()
	if err := netns.AllowLowPorts(); err != nil {
		t.Fatal(err)
	}
	files, err := netns.OpenPort(port)
	if err != nil {
		t.Fatal(err)
	}
	var all []net.Listener
	for _, f := range files {
		l, err := net.FileListener(f)
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
		t.Cleanup(func() { l.Close() })
		all = append(all, l)
	}
	return all
}

// Without a redirect a connection lands at its port's listener, whose address
// is where it was meant to go; every other port is refused.
func TestPorts(t *testing.T) {
	if !alone(t) {
		return
	}
	direct(t)
	at := openPort(t, 443)
	for i, to := range []string{"203.0.113.9:443", "[2001:db8::9]:443"} {
		conn, err := net.DialTimeout("tcp", to, 5*time.Second)
		if err != nil {
			t.Errorf("%s: %v", to, err)
			continue
		}
		accepted, err := at[i].Accept()
		if err != nil {
			t.Fatal(err)
		}
		if got := accepted.LocalAddr().String(); got != to {
			t.Errorf("accepted at %s, want %s", got, to)
		}
		accepted.Close()
		conn.Close()
	}
	for _, to := range []string{"203.0.113.9:22", "[2001:db8::9]:22", "127.0.0.1:15001"} {
		if conn, err := net.Dial("tcp", to); !isRefused(err) {
			t.Errorf("%s: %v, %v", to, conn, err)
		}
	}
}

// UDP is refused as it is with a redirect.
func TestRefusedWithoutRedirect(t *testing.T) {
	if !alone(t) {
		return
	}
	direct(t)
	openPort(t, 443) // of TCP
	refusesAtOnce(t)
}

// A port that is listened on cannot be taken, shared, or taken for one address.
func TestPortsCannotBeTaken(t *testing.T) {
	if !alone(t) {
		return
	}
	direct(t)
	openPort(t, 443)
	for _, at := range []string{"0.0.0.0:443", "127.0.0.1:443", "203.0.113.9:443", "[::]:443", "[2001:db8::9]:443"} {
		config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
			return c.Control(func(fd uintptr) {
				unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
				unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
				unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_FREEBIND, 1)
			})
		}}
		if l, err := config.Listen(t.Context(), "tcp", at); !errors.Is(err, unix.EADDRINUSE) {
			t.Errorf("%s: %v, %v", at, l, err)
		}
	}
	taken, err := net.Listen("tcp", "127.0.0.1:8443")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if _, err := netns.OpenPort(8443); !errors.Is(err, unix.EADDRINUSE) {
		t.Errorf("a port that a program has: %v", err)
	}
}

// A question is answered from the address it was sent to, whatever that is.
func TestAnswersFromTheAskedAddress(t *testing.T) {
	if !alone(t) {
		return
	}
	s := direct(t)
	n := netns.NewNames(noHost)
	for _, c := range []net.PacketConn{s.DNSUDP4, s.DNSUDP6} {
		go n.ServeUDP(c)
	}
	for _, l := range []net.Listener{s.DNSTCP4, s.DNSTCP6} {
		go n.ServeTCP(l)
	}
	for _, c := range []struct{ network, to string }{
		{"udp", "8.8.8.8:53"}, {"udp", "127.0.0.53:53"}, {"udp", "[2001:4860:4860::8888]:53"}, {"udp", "[::1]:53"}, {"tcp", "8.8.8.8:53"}, {"tcp", "[2001:4860:4860::8888]:53"},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		got, err := resolver(c.network, c.to).LookupHost(ctx, "api.github.com.")
		cancel()
		if err != nil || len(got) != 1 || !strings.HasPrefix(got[0], "198.18.") {
			t.Errorf("%s %s: %q, %v", c.network, c.to, got, err)
		}
	}
}
