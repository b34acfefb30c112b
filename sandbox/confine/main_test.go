package confine_test

import (
	"bytes"
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"exeat/sandbox/confine"
)

// TestMain lets the test binary play the parts that exeat itself plays: init,
// and the programs that tests run inside.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "init":
			os.Exit(confine.Init())
		case "probe":
			os.Exit(probe(os.Args[2:]))
		case "outer":
			os.Exit(outer(os.Args[2]))
		}
	}
	os.Exit(m.Run())
}

// inside is this test binary as a sandbox sees it.
const inside = "/exeat/bin/exeat"

// system is a sandbox with the system's programs.
func system(t testing.TB) confine.Spec {
	t.Helper()
	s := confine.Spec{IDs: confine.IDs{HostUID: os.Geteuid(), HostGID: os.Getegid(), UID: 1000, GID: 1000}, Hostname: "box"}
	if s.HostUID == 0 {
		s.HostUID, s.HostGID = 0x70000001, 0x70000001
	}
	for _, p := range []string{"/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc"} {
		s.Mounts = append(s.Mounts, confine.Mount{Source: p, Target: p, ReadOnly: true, Optional: true})
		s.Landlock.ReadOnly = append(s.Landlock.ReadOnly, p)
	}
	return s
}

// basic is a sandbox with the system's programs and this test binary.
func basic(t testing.TB) confine.Spec {
	t.Helper()
	s := system(t)
	self, err := confine.Self()
	if err != nil {
		t.Fatal(err)
	}
	s.Mounts = append(s.Mounts, self)
	if self.Tree != nil {
		t.Cleanup(func() { self.Tree.Close() })
	}
	return s
}

// start makes a sandbox of s, answers what it reports, and releases it.
func start(t testing.TB, s confine.Spec) *confine.Box {
	t.Helper()
	b, err := confine.Start(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	served := serve(t, b)
	t.Cleanup(func() {
		b.Close()
		<-served
	})
	if err := b.Go(); err != nil {
		t.Fatal(err)
	}
	return b
}

// serve answers what the sandbox's programs report, until the last of them is gone.
func serve(t testing.TB, b *confine.Box) (done chan struct{}) {
	t.Helper()
	listener, err := unix.Dup(int(b.Notify.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	done = make(chan struct{})
	go func() {
		defer close(done)
		defer unix.Close(listener)
		continueAll(listener)
	}()
	return done
}

// environment is that of all programs in tests.
func environment() []string {
	return []string{"PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin", "HOME=/tmp"}
}

// run runs a program to its end: what it printed on both outputs, and its status.
func run(t testing.TB, b *confine.Box, argv ...string) (string, int) {
	t.Helper()
	p, err := b.Exec(confine.ExecSpec{Argv: argv, Env: environment()})
	if err != nil {
		t.Fatalf("exec %q: %v", argv, err)
	}
	defer p.Close()
	p.Stdin.Close()
	var mu sync.Mutex
	var out bytes.Buffer
	var readers sync.WaitGroup
	for _, r := range []io.Reader{p.Stdout, p.Stderr} {
		readers.Go(func() {
			text, _ := io.ReadAll(r)
			mu.Lock()
			defer mu.Unlock()
			out.Write(text)
		})
	}
	readers.Wait()
	code := p.Wait()
	return strings.TrimSpace(out.String()), code
}
