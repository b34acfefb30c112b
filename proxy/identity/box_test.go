package identity_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"exeat/proxy/identity"
)

// box is a sandbox small enough for a test: namespaces of its own, loopback, a held connect().
type box struct {
	t       testing.TB
	dir     string // of its programs
	init    *exec.Cmd
	orders  *os.File
	lines   chan string
	v4, v6  net.Listener
	watcher *identity.Watcher
	changed chan string // paths that were pinned anew
}

// agentDir is where the programs of a box can write, as far as its watcher knows.
func (b *box) agentDir() string { return filepath.Join(b.dir, "agent") }

// boxWith starts a box. Root outside is mapped to root inside, so the programs of a test may have
// capabilities; the watcher needs none but those of the namespace's owner.
func boxWith(t testing.TB, initPID func(actual int) int, args ...string) *box {
	t.Helper()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	must(t, err)
	b := &box{t: t, dir: programDir(t), orders: os.NewFile(uintptr(pair[0]), "orders"), changed: make(chan string, 8)}
	theirs := os.NewFile(uintptr(pair[1]), "orders")
	b.init = command("/proc/self/exe", "init", args...)
	b.init.ExtraFiles = []*os.File{theirs}
	b.init.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNET | unix.CLONE_NEWPID | unix.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}},
		Pdeathsig:   unix.SIGKILL,
	}
	out, in, err := os.Pipe()
	must(t, err)
	b.init.Stdout, b.init.Stderr = in, in
	must(t, b.init.Start())
	theirs.Close()
	in.Close()
	b.lines = readLines(out)
	t.Cleanup(b.end)
	b.watch(initPID)
	return b
}

func startBox(t testing.TB) *box {
	t.Helper()
	return boxWith(t, func(actual int) int { return actual })
}

// strictBox has no seccomp listener.
func strictBox(t testing.TB) *box {
	t.Helper()
	return boxWith(t, func(actual int) int { return actual }, "strict")
}

// watch takes over the sockets of the box and serves its notifications.
func (b *box) watch(initPID func(int) int) {
	b.t.Helper()
	files := receiveFiles(b.t, b.orders)
	var err error
	b.v4, err = net.FileListener(files[0])
	must(b.t, err)
	b.v6, err = net.FileListener(files[1])
	must(b.t, err)
	files = append(files, nil) // of a box that holds nothing
	b.watcher, err = identity.New(identity.Config{
		Diag: files[2], Conntrack: files[3], Proc: files[4], Notify: files[5], InitPID: initPID(b.init.Process.Pid),
		Repinned: func(path string) { b.changed <- path },
		Local: func(to netip.AddrPort) bool {
			return to.Addr().IsLoopback() && to != b.v4.Addr().(*net.TCPAddr).AddrPort()
		},
		Writable: func(path string) bool { return strings.HasPrefix(path, b.agentDir()+"/") },
	})
	must(b.t, err)
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan error, 1)
	go func() { over <- b.watcher.Watch(ctx) }()
	b.t.Cleanup(func() {
		stop()
		if err := <-over; err != nil {
			b.t.Error(err)
		}
		for _, f := range files {
			f.Close()
		}
		b.v4.Close()
		b.v6.Close()
	})
}

func receiveFiles(t testing.TB, from *os.File) []*os.File {
	t.Helper()
	data, control := make([]byte, 1), make([]byte, unix.CmsgSpace(6*4))
	_, n, _, _, err := unix.Recvmsg(int(from.Fd()), data, control, unix.MSG_CMSG_CLOEXEC)
	must(t, err)
	messages, err := unix.ParseSocketControlMessage(control[:n])
	must(t, err)
	if len(messages) != 1 {
		t.Fatal("init could not set the sandbox up; user namespaces, network namespaces and seccomp user notification are needed")
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	must(t, err)
	var files []*os.File
	for _, fd := range fds {
		files = append(files, os.NewFile(uintptr(fd), "sandbox"))
	}
	return files
}

func (b *box) end() {
	b.orders.Close()
	b.init.Process.Kill()
	b.init.Wait()
}

func readLines(r io.ReadCloser) chan string {
	lines := make(chan string, 64)
	go func() {
		defer r.Close()
		defer close(lines)
		for s := bufio.NewScanner(r); s.Scan(); {
			lines <- s.Text()
		}
	}()
	return lines
}

// start runs a program in the box in a role.
func (b *box) start(path, role string, args ...string) {
	b.t.Helper()
	line, err := json.Marshal(order{path, role, args})
	must(b.t, err)
	_, err = b.orders.Write(append(line, '\n'))
	must(b.t, err)
}

// await returns the next line with this beginning.
func (b *box) await(want string) string {
	b.t.Helper()
	late := time.After(20 * time.Second)
	for {
		select {
		case got, ok := <-b.lines:
			if !ok || strings.HasPrefix(got, "failed") {
				b.t.Fatalf("%q while waiting for %q", got, want)
			}
			if strings.HasPrefix(got, want) {
				return got
			}
		case <-late:
			b.t.Fatalf("%q did not come", want)
		}
	}
}

func (b *box) accept(l net.Listener) net.Conn {
	b.t.Helper()
	must(b.t, l.(*net.TCPListener).SetDeadline(time.Now().Add(20*time.Second)))
	c, err := l.Accept()
	must(b.t, err)
	b.t.Cleanup(func() { c.Close() })
	return c
}

// who looks up an accepted connection.
func (b *box) who(c net.Conn) identity.Caller {
	b.t.Helper()
	got, err := b.watcher.Lookup(c, c.LocalAddr().(*net.TCPAddr).AddrPort())
	must(b.t, err)
	return got
}

// program makes a program of its own content, called name.
func (b *box) program(name string) string {
	b.t.Helper()
	path := filepath.Join(b.dir, name)
	writeProgram(b.t, path, name)
	return path
}

func writeProgram(t testing.TB, path, mark string) {
	t.Helper()
	self, err := os.ReadFile("/proc/self/exe")
	must(t, err)
	must(t, os.WriteFile(path+".new", append(self, mark...), 0o755))
	must(t, os.Rename(path+".new", path))
}

// programDir is below /tmp with its real name, as the kernel will print it.
func programDir(t testing.TB) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	return dir
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
