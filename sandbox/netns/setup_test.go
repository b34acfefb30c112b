package netns_test

import (
	"net"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"exeat/sandbox/netns"
)

// alone runs the named test again, by itself in a new user and network
// namespace with the capabilities Setup needs, and says whether this is that run.
func alone(t *testing.T) bool {
	t.Helper()
	const mark = "-test.run=^"
	if len(os.Args) == 2 && os.Args[1] == mark+t.Name()+"$" {
		return true
	}
	uid, gid := os.Getuid(), os.Getgid()
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", mark+t.Name()+"$")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: gid, HostID: gid, Size: 1}},
		AmbientCaps: []uintptr{unix.CAP_NET_ADMIN, unix.CAP_NET_BIND_SERVICE},
		Pdeathsig:   syscall.SIGKILL,
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("in a namespace of its own: %v\n%s", err, out)
	}
	return false
}

func setup(t *testing.T) (*netns.Sockets, int) {
	t.Helper()
	ends, err := netns.Setup()
	if err != nil {
		t.Fatal(err)
	}
	s, err := netns.Adopt(ends.Names, ends.Files)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, ends.Rules
}

// Setup makes a network in which everything ends at our sockets or is refused.
func TestSetup(t *testing.T) {
	if !alone(t) {
		return
	}
	s, rules := setup(t)
	if got, want := rules, 7; got != want {
		t.Errorf("%d rules, want %d", got, want)
	}
	for _, c := range []struct {
		to string
		at net.Listener
	}{
		{"203.0.113.9:443", s.TCP4},
		{"198.18.0.1:80", s.TCP4},
		{"169.254.169.254:80", s.TCP4},
		{"[2001:db8::9]:443", s.TCP6},
		{"203.0.113.9:53", s.DNSTCP4},
		{"[2001:db8::9]:53", s.DNSTCP6},
		{"127.0.0.1:3128", s.Proxy},
	} {
		conn, err := net.DialTimeout("tcp", c.to, 5*time.Second)
		if err != nil {
			t.Errorf("%s: %v", c.to, err)
			continue
		}
		accepted, err := c.at.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if got, want := accepted.RemoteAddr().String(), conn.LocalAddr().String(); got != want {
			t.Errorf("%s: accepted from %s, want %s", c.to, got, want)
		}
		accepted.Close()
		conn.Close()
	}
}

// What is not captured is refused, and at once.
func TestRefused(t *testing.T) {
	if !alone(t) {
		return
	}
	setup(t)
	refusesAtOnce(t)
}

// refusesAtOnce tries QUIC as a client does, with full datagrams and again and again: the kernel must not
// limit how often it says no. So it is with the sandbox's own addresses and, over lo, with all others.
func refusesAtOnce(t *testing.T) {
	t.Helper()
	for _, c := range []struct{ network, to string }{
		{"udp", "203.0.113.9:443"},
		{"udp", "198.18.0.1:443"},
		{"udp", "198.19.255.254:443"},
		{"udp", "10.0.0.1:443"},
		{"udp", "198.18.0.1:123"},
		{"udp", "8.8.8.8:853"},
		{"udp", "127.0.0.1:443"},
		{"udp", "169.254.169.254:443"},
		{"udp", "[2001:db8::9]:443"},
		{"udp", "[fd00::9]:443"},
		{"udp", "[::1]:443"},
		{"udp", "[::ffff:198.18.0.1]:443"},
		{"tcp", "127.0.0.1:1"},
		{"tcp", "[::1]:1"},
	} {
		for i := range 100 {
			start := time.Now()
			err := tryOne(c.network, c.to)
			if took := time.Since(start); !isRefused(err) || took > time.Second {
				t.Fatalf("%s %s, time %d: %v after %v", c.network, c.to, i, err, took)
			}
		}
	}
}

func tryOne(network, to string) error {
	conn, err := net.Dial(network, to)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(5 * time.Second))
	conn.Write(make([]byte, 1200)) // a client's first flight (RFC 9000 14.1)
	_, err = conn.Read(make([]byte, 1))
	return err
}

func isRefused(err error) bool {
	e, ok := err.(*net.OpError)
	if !ok {
		return false
	}
	s, ok := e.Err.(*os.SyscallError)
	return ok && s.Err == syscall.ECONNREFUSED
}

// Files that are not what Setup made are refused, and closed.
func TestAdopt(t *testing.T) {
	for _, names := range [][]string{{}, {"proxy"}, {"what"}, {"diag"}} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		w.Close()
		files := slices.Repeat([]*os.File{r}, len(names))
		if _, err := netns.Adopt(names, files); err == nil {
			t.Errorf("%q was accepted", names)
		}
		if len(names) > 0 {
			if _, err := r.Stat(); err == nil {
				t.Errorf("%q: the file is still open", names)
			}
		}
		r.Close()
	}
}
