package identity

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// What the kernel's query says and what is read of maps where there is none are the same.
func TestOldKernelsSeeTheSameCode(t *testing.T) {
	file := filepath.Join(t.TempDir(), "library of mine")
	if err := os.WriteFile(file, make([]byte, os.Getpagesize()), 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	code, err := unix.Mmap(int(f.Fd()), 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_EXEC, unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(code)
	m := newMappings(func(path string) bool { return path == file })
	if got := m.tainted(hostProc, os.Getpid()); got != file {
		t.Errorf("the query says %q, want %q", got, file)
	}
	if got, err := m.scanned(os.Getpid()); got != file || err != nil {
		t.Errorf("maps say %q, %v, want %q", got, err, file)
	}
	if got := m.tainted(hostProc, 1<<30); got != taintUnreadable {
		t.Errorf("no process: got %q, want %q", got, taintUnreadable)
	}
}

func FuzzCodeOf(f *testing.F) {
	f.Add("/usr/lib/x86_64-linux-gnu/libc.so.6")
	f.Add("/tmp/a  b (deleted)")
	f.Fuzz(func(t *testing.T, name string) {
		_, _ = codeOf([]byte(name))
		// Whatever a file is called, as long as it is called something and the kernel escapes newlines.
		if !strings.HasPrefix(name, "/") || strings.Contains(name, "\n") {
			return
		}
		for permissions, want := range map[string]bool{"r-xp": true, "rwxs": true, "rw-p": false} {
			line := "7f0000000000-7f0000001000 " + permissions + " 00000000 fe:01 1234                       " + name + "\n"
			if path, code := codeOf([]byte(line)); code != want || string(path) != name {
				t.Errorf("%q: got %q, %v, want %q, %v", line, path, code, name, want)
			}
		}
	})
}

func TestAnonymousCodeIsNoFile(t *testing.T) {
	for _, line := range []string{
		"7ffd5a5f3000-7ffd5a5f5000 r-xp 00000000 00:00 0                          [vdso]\n",
		"7f0000000000-7f0000001000 rwxp 00000000 00:00 0 \n",
		"\n", "",
	} {
		if path, code := codeOf([]byte(line)); code {
			t.Errorf("%q: got %q", line, path)
		}
	}
}

// BenchmarkTainted looks through the mappings of a program with very many libraries, by the kernel's query and by
// what stands in for it on older kernels.
func BenchmarkTainted(b *testing.B) {
	pid := startReader(b, "/usr/bin/curl", "--silent", "--config", "-")
	m := newMappings(func(string) bool { return false })
	b.Run("query", func(b *testing.B) {
		for b.Loop() {
			if name := m.tainted(hostProc, pid); name != "" {
				b.Fatal(name)
			}
		}
	})
	b.Run("maps", func(b *testing.B) {
		for b.Loop() {
			if name, err := m.scanned(pid); name != "" || err != nil {
				b.Fatal(name, err)
			}
		}
	})
}

// startReader starts a program that waits for its standard input, and returns its process.
func startReader(t testing.TB, argv ...string) int {
	t.Helper()
	c := exec.Command(argv[0], argv[1:]...)
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); c.Process.Kill(); c.Wait() })
	for { // until it reads, all of it is loaded
		wchan, _ := os.ReadFile(hostProc.file(c.Process.Pid, "syscall"))
		if strings.HasPrefix(string(wchan), "0 0x0 ") {
			return c.Process.Pid
		}
	}
}

func (m *mappings) scanned(pid int) (string, error) {
	fd, err := unix.Open(hostProc.file(pid, "maps"), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	defer unix.Close(fd)
	return m.scan(fd)
}
