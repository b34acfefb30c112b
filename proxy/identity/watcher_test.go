package identity_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"exeat/proxy/identity"
)

// The race table: the connection is looked up only after the process has done what would mislead
// everyone who looks at the processes then.
func TestOwnerIsWhoConnected(t *testing.T) {
	rows := []struct {
		name, role, until string
	}{
		{"stays", "connect", "connected"},
		{"executes another program", "exec", "blocked"},
		{"leaves the socket to a child and ends", "fork", "ended fork"},
		{"hides its reference in a socket's queue", "queue", "hidden"},
		{"is not dumpable", "dumpable", "connected"},
		{"has ended", "brief", "ended brief"},
		{"connects from another thread with files of its own", "thread", "connected"},
		{"connects again after a refusal", "again", "connected"},
		{"uses a v4-mapped address", "mapped", "connected"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			b := startBox(t)
			evil, innocent := b.program("evil"), b.program("innocent")
			b.start(evil, row.role, b.v4.Addr().String(), innocent)
			c := b.accept(b.v4)
			b.await(row.until)
			got := b.who(c)
			if got.PID == 0 {
				t.Error("no process id")
			}
			got.PID = 0
			want := identity.Caller{Exe: evil, Hash: hashOf(t, evil)}
			if diff := cmp.Diff(got, want); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOwnerOverIPv6(t *testing.T) {
	b := startBox(t)
	program := b.program("program")
	b.start(program, "connect", b.v6.Addr().String())
	if got := b.who(b.accept(b.v6)); got.Exe != program || got.Unknown != "" {
		t.Errorf("got %+v, want %s", got, program)
	}
}

func TestUnknown(t *testing.T) {
	rows := []struct {
		name, role, want string
	}{
		{"executable deleted", "deleted", "its executable was deleted or replaced while it runs"},
		{"executable in memory", "memory", "it runs from memory, not from a file"},
		{"two programs on one socket", "share", "two different programs called connect() on this socket"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			b := startBox(t)
			b.start(b.program("evil"), row.role, b.v4.Addr().String(), b.program("innocent"))
			if got := b.who(b.accept(b.v4)); got.Unknown != row.want {
				t.Errorf("got %+v, want unknown: %s", got, row.want)
			}
		})
	}
}

func TestInitIsNobody(t *testing.T) {
	b := startBox(t)
	b.start("", "init")
	if got, want := b.who(b.accept(b.v4)).Unknown, "it is the sandbox's init"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestStrangerIsUnknown(t *testing.T) {
	b := boxWith(t, func(actual int) int { return 1 << 30 }) // no process has this number
	b.start(b.program("program"), "connect", b.v4.Addr().String())
	if got, want := b.who(b.accept(b.v4)).Unknown, "it does not descend from the sandbox's init"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNoRecordIsUnknown(t *testing.T) {
	b := startBox(t)
	b.start(b.program("program"), "connect", b.v4.Addr().String())
	c := b.accept(b.v4)
	// The listener is found where no connection matches, and is not mistaken for one.
	original := c.LocalAddr().(*net.TCPAddr).AddrPort()
	swapped := connBetween{Conn: c, remote: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: int(original.Port())}}
	got, err := b.watcher.Lookup(swapped, c.RemoteAddr().(*net.TCPAddr).AddrPort())
	if err != nil || got.Unknown == "" {
		t.Errorf("got %+v, %v, want unknown: the proxy's own end called no connect()", got, err)
	}
	swapped.remote.Port = 1
	got, err = b.watcher.Lookup(swapped, original)
	if want := "the socket of this connection is gone"; err != nil || got.Unknown != want {
		t.Errorf("got %+v, %v, want unknown: %s", got, err, want)
	}
}

// connBetween claims another remote address.
type connBetween struct {
	net.Conn
	remote *net.TCPAddr
}

func (c connBetween) RemoteAddr() net.Addr { return c.remote }

func TestAncestors(t *testing.T) {
	b := startBox(t)
	agent, shell, git := b.program("agent"), b.program("shell"), b.program("git")
	b.start(agent, "nest", b.v4.Addr().String(), shell, git)
	got := b.who(b.accept(b.v4))
	if want := []string{shell, agent}; got.Exe != git || !cmp.Equal(got.Ancestors, want) {
		t.Errorf("got %+v, want %s below %v", got, git, want)
	}
}

// An ancestor that was replaced by another content grants nothing under its old name.
func TestAncestorChanged(t *testing.T) {
	b := startBox(t)
	git, tool := b.program("git"), b.program("tool")
	b.start(git, "connect", b.v4.Addr().String())
	if got := b.who(b.accept(b.v4)); got.Unknown != "" {
		t.Fatalf("got %+v", got)
	}
	writeProgram(t, git, "evil")
	b.start(git, "nest", b.v4.Addr().String(), tool)
	got := b.who(b.accept(b.v4))
	if want := []string{"?" + git}; got.Exe != tool || got.Unknown != "" || !cmp.Equal(got.Ancestors, want) {
		t.Errorf("got %+v, want %s below %v", got, tool, want)
	}
}

func TestChangedSinceFirstUse(t *testing.T) {
	b := startBox(t)
	git := b.program("git")
	for _, step := range []struct{ content, unknown string }{
		{"first", ""},
		{"first", ""}, // written again, but the same: another inode does not matter
		{"evil", "its executable changed since first use"},
		{"first", ""},
	} {
		writeProgram(t, git, step.content)
		b.start(git, "connect", b.v4.Addr().String())
		if got := b.who(b.accept(b.v4)); got.Unknown != step.unknown || got.Hash != hashOf(t, git) {
			t.Errorf("%s: got %+v, want unknown: %q", step.content, got, step.unknown)
		}
	}
	if len(b.changed) != 0 {
		t.Error("pinned anew although the sandbox could have written it")
	}
}

func TestTooLarge(t *testing.T) {
	b := startBox(t)
	large := b.program("large")
	must(t, os.Truncate(large, 512<<20+1)) // sparse; what follows the ELF segments does not matter
	b.start(large, "connect", b.v4.Addr().String())
	if got, want := b.who(b.accept(b.v4)).Unknown, "its executable is larger than 512 MiB"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestUnreadableExecutable(t *testing.T) {
	b := startBox(t)
	secret := b.program("secret")
	must(t, os.Chmod(secret, 0o111))
	b.start(secret, "connect", b.v4.Addr().String())
	got := b.who(b.accept(b.v4))
	if os.Geteuid() == 0 { // root reads it all the same
		if got.Exe != secret || got.Unknown != "" {
			t.Errorf("got %+v, want %s", got, secret)
		}
		return
	}
	if want := "its executable cannot be read: permission denied"; got.Unknown != want {
		t.Errorf("got %+v, want unknown: %s", got, want)
	}
}

func TestOtherSocketsAreNotRecorded(t *testing.T) {
	b := startBox(t)
	b.start(b.program("program"), "others", b.v4.Addr().String())
	b.await("tried")
	if got := b.watcher.Records(); got != 0 {
		t.Errorf("got %d records, want none", got)
	}
}

// While one executable is being read, others connect; and after a second the process goes on, is
// looked up, and is known once the reading is done.
func TestSlowReadingHoldsNobody(t *testing.T) {
	b := startBox(t)
	slow, known := b.program("slow"), b.program("known")
	settle(t, known)
	b.start(known, "connect", b.v4.Addr().String())
	if got := b.who(b.accept(b.v4)); got.Unknown != "" {
		t.Fatalf("got %+v", got)
	}
	read := b.watcher.HoldReading()
	began := time.Now()
	b.start(slow, "connect", b.v4.Addr().String())
	waitUntil(t, func() bool { return b.watcher.Records() == 2 })
	b.start(known, "connect", b.v4.Addr().String())
	if got := b.who(b.accept(b.v4)); got.Exe != known || got.Unknown != "" {
		t.Errorf("got %+v, want %s, which had been read before", got, known)
	}
	c := b.accept(b.v4) // slow was let go
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("held for %v", took)
	}
	time.AfterFunc(10*time.Millisecond, read)
	if got := b.who(c); got.Exe != slow || got.Unknown != "" {
		t.Errorf("got %+v, want %s", got, slow)
	}
}

// settle waits until a change of the file is old enough for its hash to be remembered.
func settle(t testing.TB, path string) {
	t.Helper()
	waitUntil(t, func() bool {
		s, err := os.Stat(path)
		must(t, err)
		return time.Since(time.Unix(s.Sys().(*syscall.Stat_t).Ctim.Unix())) > 2100*time.Millisecond
	})
}

func waitUntil(t testing.TB, condition func() bool) {
	t.Helper()
	for late := time.Now().Add(20 * time.Second); !condition(); {
		if time.Now().After(late) {
			t.Fatal("waited in vain")
		}
		time.Sleep(time.Millisecond)
	}
}

func hashOf(t testing.TB, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	must(t, err)
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
