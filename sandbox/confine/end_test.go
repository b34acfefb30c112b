package confine

import (
	"os"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"exeat/sandbox/reexec"
)

// The end of the control socket is death, before the first message...
func TestEndBeforeSpec(t *testing.T) {
	conn, theirs, err := reexec.Pair()
	if err != nil {
		t.Fatal(err)
	}
	uid, gid := os.Getuid(), os.Getgid()
	p, err := reexec.Command{Role: "init", Files: []reexec.File{{Name: "control", File: theirs}}, Attr: &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWPID,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: gid, HostID: gid, Size: 1}},
	}}.Start()
	if err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	conn.Close()
	if state, err := p.Wait(); err != nil || state.ExitCode() != 1 {
		t.Errorf("got %v, %v, want status 1", state, err)
	}
}

// ...and when all is made, with no signal to help.
func TestEndWhenReady(t *testing.T) {
	s := Spec{IDs: IDs{HostUID: os.Geteuid(), HostGID: os.Getegid(), UID: 1, GID: 1}, Hostname: "box"}
	if s.HostUID == 0 {
		s.HostUID, s.HostGID = 0x70000001, 0x70000001
	}
	b, err := Start(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	reader, err := unix.Dup(int(b.PIDFD.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(reader)
	b.PIDFD.Close() // so that nothing can be sent to it
	b.conn.Close()
	select {
	case <-b.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("init lives on without a supervisor")
	}
}

// A message that init would never send ends the sandbox: whoever wrote it is
// not init as we know it.
func TestMalformedNotice(t *testing.T) {
	near, theirs, err := reexec.Pair()
	if err != nil {
		t.Fatal(err)
	}
	far, err := reexec.NewConn(theirs)
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	b := &Box{conn: near, ended: make(chan struct{}), waiting: map[int]chan notice{}, processes: map[int]*Process{}, released: true}
	p := &Process{done: make(chan struct{})}
	if _, err := b.enlist(p); err != nil {
		t.Fatal(err)
	}
	b.reader.Go(b.listen)
	for _, n := range []notice{{Kind: kindExited, ID: 99}, {Kind: "what", ID: p.ID}, {Kind: kindStarted, ID: 99, PID: 1}} {
		if err := far.Send(n); err != nil {
			t.Fatal(err)
		}
	}
	if err := far.Send([]int{1}); err != nil {
		t.Fatal(err)
	}
	close(b.ended)
	if got, want := p.Wait(), killed; got != want {
		t.Errorf("status %d, want %d", got, want)
	}
	near.Close()
}
