package identity

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// A process whose descriptors cannot be read may have the connection too. Only root can read those of pid 1.
func TestUnreadableProcessMayHaveIt(t *testing.T) {
	_, err := hostProc.has(1, "socket:[1]")
	if readable := os.Geteuid() == 0; readable != (err == nil) {
		t.Errorf("got %v", err)
	}
	w := &Watcher{proc: hostProc, init: os.Getpid()}
	if _, err := w.holders("socket:[1]"); err == nil != (os.Geteuid() == 0) {
		t.Errorf("among all processes: got %v", err)
	}
	if has, err := hostProc.has(1<<30, "socket:[1]"); has || err != nil {
		t.Errorf("one that has ended: got %v, %v", has, err)
	}
}

func TestHoldersTogether(t *testing.T) {
	git := Caller{Exe: "/usr/bin/git", Hash: "1", Ancestors: []string{"/bin/sh", "/usr/bin/claude"}}
	tainted := git
	tainted.Tainted, tainted.Ancestors = "/tmp/x.so", []string{"/usr/bin/claude"}
	got := git.and(tainted)
	if got.Unknown != "" || got.Tainted != "/tmp/x.so" || len(got.Ancestors) != 1 || got.Ancestors[0] != "/usr/bin/claude" {
		t.Errorf("got %+v", got)
	}
	other := git
	other.Hash = "2"
	if got := git.and(other); got.Unknown == "" {
		t.Error("two contents of one name are one program")
	}
	if got := git.and(Caller{Unknown: unix.EACCES.Error()}); got.Unknown == "" {
		t.Error("an unknown holder counts for nothing")
	}
}
