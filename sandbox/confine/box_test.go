package confine_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"exeat/sandbox/confine"
)

// What the sandbox is made of is read back from the kernel, with and without a
// program running.
func TestIsolation(t *testing.T) {
	b := start(t, basic(t))
	want := []string{
		"user namespace", "mount namespace", "pid namespace", "network namespace", "ipc namespace", "uts namespace", "cgroup namespace",
		"capabilities", "no_new_privs", "seccomp", "landlock", "user namespaces inside", "redirect", "connect notification",
	}
	for _, running := range []bool{false, true} {
		if running {
			p, err := b.Exec(confine.ExecSpec{Argv: []string{"cat"}, Env: environment()})
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
		}
		all, err := b.Isolation()
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, m := range all {
			names = append(names, m.Name)
			if m.State != "on" || m.Detail == "" {
				t.Errorf("program running %v: %s is %s (%q)", running, m.Name, m.State, m.Detail)
			}
		}
		if !slices.Equal(names, want) {
			t.Errorf("got %q, want %q", names, want)
		}
	}
}

func TestExitStatus(t *testing.T) {
	b := start(t, basic(t))
	for _, c := range []struct {
		script string
		want   int
	}{
		{"exit 0", 0},
		{"exit 42", 42},
		{"exit 255", 255},
		{"kill -TERM $$", 128 + 15},
		{"kill -KILL $$", 128 + 9},
		{"sleep 1000 >/dev/null 2>&1 & exit 3", 3}, // an orphan does not keep its parent's status
	} {
		if _, got := run(t, b, "sh", "-c", c.script); got != c.want {
			t.Errorf("%s: got %d, want %d", c.script, got, c.want)
		}
	}
}

func TestSeveralAtOnce(t *testing.T) {
	b := start(t, basic(t))
	const n = 8
	var all []*confine.Process
	for range n {
		p, err := b.Exec(confine.ExecSpec{Argv: []string{"cat"}, Env: environment()})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		all = append(all, p)
	}
	if got := len(b.Processes()); got != n {
		t.Errorf("%d programs are listed, want %d", got, n)
	}
	for i, p := range slices.Backward(all) {
		p.Stdin.Write([]byte{byte('a' + i)})
		p.Stdin.Close()
		got := make([]byte, 2)
		n, _ := p.Stdout.Read(got)
		if want := string(rune('a' + i)); string(got[:n]) != want || p.Wait() != 0 {
			t.Errorf("program %d: got %q, status %d, want %q, 0", i, got[:n], p.Wait(), want)
		}
	}
	if got := len(b.Processes()); got != 0 {
		t.Errorf("%d programs are listed, want none", got)
	}
}

func TestSignal(t *testing.T) {
	b := start(t, basic(t))
	p, err := b.Exec(confine.ExecSpec{Argv: []string{"sh", "-c", "trap 'exit 7' HUP; echo ready; while :; do sleep 0.01; done"}, Env: environment()})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	p.Stdout.Read(make([]byte, 16)) // the trap is set
	if err := b.Signal(p.ID, 1); err != nil {
		t.Fatal(err)
	}
	if got, want := p.Wait(), 7; got != want {
		t.Errorf("status %d, want %d", got, want)
	}
	if err := b.Signal(p.ID, 9); err != nil {
		t.Errorf("signal to a program that has ended: %v", err)
	}
}

func TestExecRefused(t *testing.T) {
	s := basic(t)
	s.Files = []confine.File{
		{Path: "/scripts/lost", Content: []byte("#!/no/such/interpreter -x\n"), Mode: 0o555},
		{Path: "/scripts/plain", Content: []byte("text\n"), Mode: 0o444},
		{Path: "/scripts/nothing", Content: []byte("\x00\x01\x02"), Mode: 0o555},
	}
	s.Landlock.ReadOnly = append(s.Landlock.ReadOnly, "/scripts")
	b := start(t, s)
	for _, c := range []struct {
		name    string
		argv    []string
		dir     string
		problem confine.Problem
		path    string
		says    string
	}{
		{"not in PATH", []string{"no-such-program"}, "", confine.NotFound, "no-such-program", "not found"},
		{"no such file", []string{"/no/such/file"}, "", confine.NotFound, "/no/such/file", "not found"},
		{"no such file below a file", []string{"/bin/sh/x"}, "", confine.NotFound, "/bin/sh/x", "not found"},
		{"nothing at all", nil, "", confine.NotFound, "", "not found"},
		{"not executable", []string{"/scripts/plain"}, "", confine.NotExecutable, "/scripts/plain", "not an executable"},
		{"a directory", []string{"/usr"}, "", confine.NotExecutable, "/usr", "not an executable"},
		{"no program in it", []string{"/scripts/nothing"}, "", confine.NotExecutable, "/scripts/nothing", "not an executable"},
		{"no interpreter", []string{"/scripts/lost"}, "", confine.NoInterpreter, "/scripts/lost", "/no/such/interpreter"},
		{"no such directory", []string{"true"}, "/no/such", confine.BadDirectory, "/no/such", "no such file or directory"},
		{"a file as directory", []string{"true"}, "/etc/passwd", confine.BadDirectory, "/etc/passwd", "not a directory"},
	} {
		_, err := b.Exec(confine.ExecSpec{Argv: c.argv, Env: environment(), Dir: c.dir})
		var refused *confine.ExecError
		if !errors.As(err, &refused) {
			t.Errorf("%s: got %v, want an ExecError", c.name, err)
			continue
		}
		if refused.Problem != c.problem || refused.Path != c.path || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %q of %q: %v; want %q of %q: ...%s", c.name, refused.Problem, refused.Path, err, c.problem, c.path, c.says)
		}
	}
	if out, code := run(t, b, "echo", "still here"); out != "still here" || code != 0 {
		t.Errorf("afterwards: %q, %d", out, code)
	}
}

// An environment larger than a datagram still arrives.
func TestLargeEnvironment(t *testing.T) {
	b := start(t, basic(t))
	env := environment()
	for range 10 {
		env = append(env, "X="+strings.Repeat("x", 100_000))
	}
	p, err := b.Exec(confine.ExecSpec{Argv: []string{"true"}, Env: env})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if got := p.Wait(); got != 0 {
		t.Errorf("status %d, want 0", got)
	}
}

// Nothing runs before Go: the caller may not be serving yet.
func TestNotReleased(t *testing.T) {
	b, err := confine.Start(t.Context(), basic(t))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if _, err := b.Exec(confine.ExecSpec{Argv: []string{"true"}}); !errors.Is(err, confine.ErrNotReleased) {
		t.Errorf("got %v, want %v", err, confine.ErrNotReleased)
	}
}

// A program's output can be opened again by its name, also where root supervises.
func TestReopenOutput(t *testing.T) {
	b := start(t, basic(t))
	if out, code := run(t, b, "sh", "-c", "echo one >/dev/stdout; echo two >/dev/stderr"); code != 0 || !strings.Contains(out, "one") || !strings.Contains(out, "two") {
		t.Errorf("status %d: %q", code, out)
	}
}

// A program has the environment it was given and nothing else, files that
// others can read, and no core.
func TestSurroundings(t *testing.T) {
	b := start(t, basic(t))
	p, err := b.Exec(confine.ExecSpec{Argv: []string{"/usr/bin/env"}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if out, err := io.ReadAll(p.Stdout); len(out) != 0 || err != nil {
		t.Errorf("environment: got %q, %v", out, err)
	}
	if got, _ := run(t, b, "sh", "-c", "umask; ulimit -c; ulimit -Hc; pwd; id -u"); got != "0022\n0\n0\n/\n1000" {
		t.Errorf("got %q", got)
	}
}
