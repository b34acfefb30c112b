package reexec_test

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"exeat/sandbox/reexec"
)

// message is what the tests send.
type message struct{ Text string }

// pair is both ends of a connection.
func pair(t testing.TB) (near, far *reexec.Conn) {
	t.Helper()
	near, file, err := reexec.Pair()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close() })
	if far, err = reexec.NewConn(file); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { far.Close() })
	return near, far
}

func TestMessages(t *testing.T) {
	near, far := pair(t)
	for _, size := range []int{0, 1, 60_000, 70_000, 2 << 20} { // inline, and in a file
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		want := strings.Repeat("x", size)
		if err := near.Send(message{want}, w); err != nil {
			t.Fatalf("%d bytes: %v", size, err)
		}
		w.Close()
		var got message
		files, err := far.Receive(&got)
		if err != nil || got.Text != want || len(files) != 1 {
			t.Fatalf("%d bytes: got %d bytes, %d files, %v", size, len(got.Text), len(files), err)
		}
		files[0].WriteString("through")
		reexec.CloseAll(files)
		if text, err := io.ReadAll(r); err != nil || string(text) != "through" {
			t.Errorf("%d bytes: the file carries %q, %v", size, text, err)
		}
		r.Close()
	}
}

// The end of a process is not silence.
func TestEnd(t *testing.T) {
	near, far := pair(t)
	far.Close()
	if _, err := near.Receive(&message{}); !errors.Is(err, io.EOF) {
		t.Errorf("receive: got %v, want %v", err, io.EOF)
	}
	if err := near.Send(message{}); !errors.Is(err, unix.EPIPE) {
		t.Errorf("send: got %v, want %v", err, unix.EPIPE)
	}
}

func TestDeadline(t *testing.T) {
	near, _ := pair(t)
	near.SetDeadline(time.Unix(1, 0))
	if _, err := near.Receive(&message{}); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v, want %v", err, os.ErrDeadlineExceeded)
	}
}

// FuzzReceive sends what no end of ours would: the answer is an error, or a
// message, and no file stays open.
func FuzzReceive(f *testing.F) {
	for _, seed := range []string{"\x00{}", "\x00{\"Text\":\"x\"}", "\x01", "\x02{}", "\x00", "\x01{}", "\x00[1,2", "\x00null"} {
		f.Add([]byte(seed), 0)
		f.Add([]byte(seed), 1)
		f.Add([]byte(seed), 3)
	}
	f.Fuzz(func(t *testing.T, datagram []byte, files int) {
		if len(datagram) == 0 || len(datagram) > 100_000 || files < 0 || files > 200 {
			return
		}
		fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fds[0])
		conn, err := reexec.NewConn(os.NewFile(uintptr(fds[1]), "far"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		pipe := make([]int, 2)
		if err := unix.Pipe2(pipe, unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
			t.Fatal(err)
		}
		defer unix.Close(pipe[0])
		var rights []byte
		if files > 0 {
			rights = unix.UnixRights(repeat(pipe[1], files)...)
		}
		if err := unix.Sendmsg(fds[0], datagram, rights, nil, 0); err != nil {
			t.Fatal(err)
		}
		unix.Close(pipe[1])
		var m message
		got, err := conn.Receive(&m)
		if err != nil && len(got) != 0 {
			t.Errorf("%d files with the error %v", len(got), err)
		}
		reexec.CloseAll(got)
		// All writing ends are closed: the pipe is at its end, not just empty.
		if n, err := unix.Read(pipe[0], make([]byte, 1)); n != 0 || err != nil {
			t.Errorf("a file stayed open: read %d, %v", n, err)
		}
	})
}

func repeat(fd, n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = fd
	}
	return all
}
