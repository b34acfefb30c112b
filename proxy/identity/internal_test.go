package identity

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func FuzzParseStatus(f *testing.F) {
	f.Add([]byte("7 (git) S 3 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 4711 1 1"))
	f.Add([]byte("7 (a) R 1 (b)) S 3 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 4711 1 1"))
	f.Fuzz(func(t *testing.T, name []byte) {
		_, _ = parseStatus(name)
		// Whatever a process calls itself, its parent and start stay the kernel's.
		if bytes.ContainsRune(name, 0) {
			return
		}
		text := fmt.Sprintf("7 (%s) S 3 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 4711 1 1", name)
		got, err := parseStatus([]byte(text))
		if want := (status{parent: 3, session: 7, start: 4711}); err != nil || got != want {
			t.Errorf("%q: got %+v, %v, want %+v", text, got, err, want)
		}
	})
}

func TestRecordsAreBounded(t *testing.T) {
	r := newRecords(3)
	for cookie := range uint64(10) {
		r.begin(cookie).finish(Caller{PID: int(cookie)})
	}
	for cookie := range uint64(10) {
		if got, want := r.find(cookie) != nil, cookie >= 7; got != want {
			t.Errorf("cookie %d: kept %v, want %v", cookie, got, want)
		}
	}
}

func TestSameSocketTwice(t *testing.T) {
	git := Caller{Exe: "/usr/bin/git", Hash: "1", PID: 1}
	rows := []struct {
		name          string
		first, second Caller
		known         bool
	}{
		{"same program", git, Caller{Exe: "/usr/bin/git", Hash: "1", PID: 2}, true},
		{"other program", git, Caller{Exe: "/usr/bin/evil", Hash: "1"}, false},
		{"other content", git, Caller{Exe: "/usr/bin/git", Hash: "2"}, false},
		{"other ancestors", git, Caller{Exe: "/usr/bin/git", Hash: "1", Ancestors: []string{"/usr/bin/ssh"}}, false},
		{"known after unknown", Caller{Unknown: "deleted"}, git, false},
	}
	for _, row := range rows {
		r := newRecords(8)
		r.begin(1).finish(row.first)
		second := r.begin(1)
		second.finish(row.second)
		if got := second.wait(time.Second).Unknown == ""; got != row.known {
			t.Errorf("%s: known %v, want %v", row.name, got, row.known)
		}
	}
}

// Who was tainted at the first call on a socket is not clean at the second.
func TestTaintStaysWithSocket(t *testing.T) {
	r := newRecords(8)
	r.begin(1).finish(Caller{Exe: "/usr/bin/git", Tainted: "/tmp/x.so"})
	second := r.begin(1)
	second.finish(Caller{Exe: "/usr/bin/git"})
	if got := second.wait(time.Second); got.Tainted != "/tmp/x.so" || got.Unknown != "" {
		t.Errorf("got %+v", got)
	}
}

func TestIncompleteRecordIsUnknown(t *testing.T) {
	if got, want := newRecords(1).begin(1).wait(time.Millisecond).Unknown, "the executable is still being read"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// No pin is ever given up for another: the agent could make room for what it wants to replace.
func TestPinsAreNotForgotten(t *testing.T) {
	c := newContents(nil)
	for i := range maxPins {
		c.pins[fmt.Sprint("/tmp/", i)] = "1"
	}
	if got := c.pin(program{fd: -1, path: "/usr/bin/git"}, "1"); got == "" {
		t.Error("one more program is known, want unknown")
	}
	if got := c.pin(program{fd: -1, path: "/tmp/0"}, "2"); got != "its executable changed since first use" {
		t.Errorf("got %q, want changed", got)
	}
}

// A hash is remembered only when the file's time stamps can no longer stand still over a change.
func TestFreshFileIsReadAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, []byte("content"), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	c := newContents(nil)
	if _, err := c.hash(int(f.Fd()), 0); err != nil || len(c.hashes) != 0 {
		t.Errorf("got %v and %d remembered, want none", err, len(c.hashes))
	}
}

// What nobody waits for any more is not read on, what waits is bounded, and nothing outlasts the sandbox: a stop waited for
// thousands of dead processes to be read, one after the other.
func TestReadingIsGivenUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "large")
	if err := os.WriteFile(path, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, maxExecutable); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const nobody = 1 << 30 // above pid_max
	c := newContents(nil)
	began := time.Now()
	if _, err := c.hash(int(f.Fd()), nobody); err == nil || !strings.Contains(err.Error(), "its process is gone") {
		t.Errorf("of a dead process: %v", err)
	}
	c.others <- struct{}{} // one is being read
	waiting := make(chan error, maxWaiting+1)
	for range maxWaiting {
		go func() { _, err := c.hash(int(f.Fd()), 0); waiting <- err }()
	}
	for c.waiting.Load() < maxWaiting {
		time.Sleep(time.Millisecond)
	}
	if _, err := c.hash(int(f.Fd()), 0); err == nil || !strings.Contains(err.Error(), "wait to be read") {
		t.Errorf("one more: %v", err)
	}
	c.end()
	c.end()
	for range maxWaiting {
		if err := <-waiting; err != errOverRead {
			t.Errorf("after the end: %v", err)
		}
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("all of it took %s", took)
	}
}

// Connects that wait on unix sockets leave room for those to the network.
func TestLocalConnectsLeaveRoom(t *testing.T) {
	u := newUnderway(nil)
	for i := range maxLocal {
		if !u.enter(i, true) {
			t.Fatalf("local connect %d has no room", i)
		}
	}
	if u.enter(1000, true) {
		t.Error("there is room for one more local connect")
	}
	for i := range maxUnderway {
		if !u.enter(2000+i, false) {
			t.Fatalf("connect %d to the network has no room", i)
		}
	}
	u.leave(0, true)
	if u.enter(3000, false) || !u.enter(0, true) {
		t.Error("the room of one kind is given to the other")
	}
}

// A hostile sockaddr is a destination or none, and what it says is what the kernel reads of it (ip(7), ipv6(7)).
func FuzzDestination(f *testing.F) {
	f.Add([]byte{2, 0, 1, 187, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Add(append([]byte{10, 0, 1, 187, 0, 0, 0, 0}, make([]byte, 20)...))
	f.Fuzz(func(t *testing.T, sockaddr []byte) {
		to, ok := Destination(sockaddr)
		if ok && (to.Addr().Is4In6() || to.Port() != uint16(sockaddr[2])<<8|uint16(sockaddr[3])) {
			t.Errorf("%x: got %v", sockaddr, to)
		}
	})
}
