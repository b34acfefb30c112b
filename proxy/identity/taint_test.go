package identity_test

import (
	"net"
	"os"
	"path/filepath"
	"testing"
)

// Every way to bring code of one's own into a program, and those that are none.
func TestTainted(t *testing.T) {
	rows := []struct{ name, how, want string }{
		{"nothing foreign", "data", ""},
		{"code made while it runs", "anonymous", ""},
		{"a library of the agent's", "", "agent/library"},
		{"a library deleted again", "deleted", "agent/library (deleted)"},
		{"a library in memory", "memory", "/memfd:library (deleted)"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			b := startBox(t)
			program, library := b.program("program"), b.agentFile("library", "/proc/self/exe")
			b.start(program, "map", b.v4.Addr().String(), library, row.how)
			got, want := b.who(b.accept(b.v4)), row.want
			if want != "" && !filepath.IsAbs(want) {
				want = filepath.Join(b.dir, want)
			}
			if got.Exe != program || got.Unknown != "" || got.Tainted != want {
				t.Errorf("got %+v, want %s tainted by %q", got, program, want)
			}
		})
	}
}

func TestCopiedProgramIsTainted(t *testing.T) {
	b := startBox(t)
	copied := b.agentFile("git", "/proc/self/exe")
	b.start(copied, "connect", b.v4.Addr().String())
	if got := b.who(b.accept(b.v4)); got.Exe != copied || got.Tainted != copied {
		t.Errorf("got %+v, want %s tainted by itself", got, copied)
	}
}

// What the dynamic loader does for a real program: bash connects, and is what the kernel executed.
func TestLoader(t *testing.T) {
	bash, loader := real(t, "/bin/bash"), real(t, first(t, "/lib64/ld-linux-*.so.*", "/lib/ld-linux-*.so.*"))
	b := startBox(t)
	library, copied := b.agentFile("preload.so", first(t, "/lib/*/libdl.so.2", "/lib64/libdl.so.2")), b.agentFile("bash", bash)
	rows := []struct {
		name, exe, tainted string
		argv               []string
	}{
		{"alone", bash, "", []string{bash}},
		{"with LD_PRELOAD", bash, library, []string{"LD_PRELOAD=" + library, bash}},
		{"by the loader", loader, "", []string{loader, bash}},
		{"by the loader, of the agent's", loader, copied, []string{loader, copied}},
	}
	host, port, err := net.SplitHostPort(b.v4.Addr().String())
	must(t, err)
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			b.start("/usr/bin/env", "", append(row.argv, "-c", "read _ 3<>/dev/tcp/"+host+"/"+port+" <&3")...)
			got := b.who(b.accept(b.v4))
			if got.Exe != row.exe || got.Unknown != "" || got.Tainted != row.tainted {
				t.Errorf("got %+v, want %s tainted by %q", got, row.exe, row.tainted)
			}
		})
	}
}

// A process hides its memory: its code is looked at all the same, or it counts as tainted.
func TestNonDumpableIsRead(t *testing.T) {
	b := startBox(t)
	copied := b.agentFile("git", "/proc/self/exe")
	b.start(copied, "dumpable", b.v4.Addr().String())
	if got := b.who(b.accept(b.v4)); got.Tainted != copied && got.Tainted != "unreadable" {
		t.Errorf("got %+v, want it tainted", got)
	}
}

// agentFile is a copy of a file where the agent can write.
func (b *box) agentFile(name, source string) string {
	b.t.Helper()
	content, err := os.ReadFile(source)
	must(b.t, err)
	must(b.t, os.MkdirAll(b.agentDir(), 0o755))
	path := filepath.Join(b.agentDir(), name)
	must(b.t, os.WriteFile(path, content, 0o755))
	return path
}

func first(t *testing.T, patterns ...string) string {
	t.Helper()
	for _, pattern := range patterns {
		if found, err := filepath.Glob(pattern); err == nil && len(found) > 0 {
			return found[0]
		}
	}
	t.Fatalf("this machine has none of %v", patterns)
	return ""
}

func real(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.EvalSymlinks(path)
	must(t, err)
	return path
}
