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
	for _, c := range []struct{ network, to string }{
		{"udp", "203.0.113.9:443"}, {"udp", "[2001:db8::9]:443"}, {"udp", "198.18.0.1:123"}, {"tcp", "127.0.0.1:1"}, {"tcp", "[::1]:1"},
	} {
		start := time.Now()
		conn, err := net.Dial(c.network, c.to)
		if err == nil {
			conn.SetDeadline(start.Add(5 * time.Second))
			conn.Write([]byte("x"))
			_, err = conn.Read(make([]byte, 1))
			conn.Close()
		}
		if took := time.Since(start); !isRefused(err) || took > time.Second {
			t.Errorf("%s %s: %v after %v", c.network, c.to, err, took)
		}
	}
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
