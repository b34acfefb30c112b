package tree_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"exeat/sandbox/tree"
)

// ordinary is the uid and gid of an ordinary user.
const ordinary = 65534

// TestOrdinaryUser runs all tests again as one: what nobody may enter, root may.
func TestOrdinaryUser(t *testing.T) {
	if os.Geteuid() != 0 {
		return // this is that run, or an ordinary user's own
	}
	dir, err := os.MkdirTemp("/tmp", "exeat-tree-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chown(dir, ordinary, ordinary); err != nil {
		t.Fatal(err)
	}
	again(t, dir, "", &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: ordinary, Gid: ordinary}})
}

// again runs the tests that match in a process with other attributes.
func again(t *testing.T, dir, match string, attr *syscall.SysProcAttr) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run="+match)
	cmd.Env, cmd.Dir, cmd.SysProcAttr = []string{"TMPDIR=" + dir, "PATH=" + os.Getenv("PATH")}, dir, attr
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("again: %v\n%s", err, out)
	}
}

// few leaves the test with 32 descriptors.
func few(t *testing.T) {
	t.Helper()
	var was syscall.Rlimit
	if err := syscall.Getrlimit(unix.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(unix.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 32, Max: was.Max}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Setrlimit(unix.RLIMIT_NOFILE, &was) })
}

// deep makes a chain of directories with a file in the last.
func deep(t *testing.T, at string, levels int) {
	t.Helper()
	if err := os.Mkdir(at, 0o755); err != nil {
		t.Fatal(err)
	}
	dir, err := unix.Open(at, unix.O_DIRECTORY, 0)
	for range levels {
		if err = errors.Join(err, unix.Mkdirat(dir, "d", 0o755)); err != nil {
			t.Fatal(err)
		}
		next, err := unix.Openat(dir, "d", unix.O_DIRECTORY, 0)
		if err != nil {
			t.Fatal(err)
		}
		unix.Close(dir)
		dir = next
	}
	fd, err := unix.Openat(dir, "bottom", unix.O_CREAT|unix.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	unix.Write(fd, make([]byte, 64<<10))
	unix.Close(fd)
	unix.Close(dir)
}

// agentTree is what an agent may leave, and how many files and directories it is.
func agentTree(t *testing.T, at, outside string, levels int) int64 {
	t.Helper()
	if err := os.Mkdir(at, 0o755); err != nil {
		t.Fatal(err)
	}
	deep(t, at+"/deep", levels)
	odd := []string{"-rf", " ", "\n", "*", "..x", "\xff\xfe", strings.Repeat("n", 255), ".removed-1", ".removed-2"}
	for _, name := range odd {
		if err := os.WriteFile(at+"/"+name, []byte("x"), 0); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{"shut", "shut/in", "shut/in/shut"} {
		if err := os.Mkdir(at+"/"+dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, err := range []error{
		os.WriteFile(at+"/shut/in/shut/file", nil, 0o400), os.Symlink(outside, at+"/out"), os.Symlink(outside, at+"/shut/out"),
		os.Link(at+"/deep/d/../../*", at+"/again"), unix.Mkfifo(at+"/fifo", 0), os.Symlink("loop", at+"/loop"),
		os.Chmod(at+"/shut/in/shut", 0), os.Chmod(at+"/shut/in", 0), os.Chmod(at+"/shut", 0),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return int64(levels) + 2 + int64(len(odd)) + 3 + 1 + 2 + 2
}

func TestRemove(t *testing.T) {
	base := t.TempDir()
	outside := base + "/outside"
	if err := os.MkdirAll(outside+"/dir", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(outside+"/file", []byte("kept"), 0o644); err != nil {
		t.Fatal(err)
	}
	levels := 10_000
	if os.Geteuid() == 0 {
		levels /= 10 // making them takes seconds, and the ordinary user is the harder case
	}
	agentTree(t, base+"/tree", outside, levels)
	few(t)
	if err := tree.Remove(base + "/tree"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(base + "/tree"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
	if all, err := os.ReadDir(outside); len(all) != 2 || err != nil {
		t.Errorf("outside: %v, %v", all, err)
	}
	if err := tree.Remove(base + "/tree"); err != nil {
		t.Errorf("a second time: %v", err)
	}
	if err := tree.Remove(base + "/no/such/tree"); err != nil {
		t.Errorf("where no directory is: %v", err)
	}
}

func TestMeasure(t *testing.T) {
	base := t.TempDir()
	files := agentTree(t, base+"/tree", "/usr", 1000)
	few(t)
	defer tree.Remove(base + "/tree")
	all := files
	if os.Geteuid() != 0 {
		files -= 4 // what is in a directory without rights is not seen by its owner
	}
	got, err := tree.Measure(base+"/tree", 1<<20)
	if err != nil || got.Files != files || got.Partial != (files < all) || got.Bytes < 64<<10 {
		t.Errorf("got %+v, %v, want %d files", got, err, files)
	}
	if got, err := tree.Measure(base+"/tree", 100); err != nil || !got.Partial || got.Files > 200 {
		t.Errorf("at most 100 files: got %+v, %v", got, err)
	}
}

// While it is removed, a directory is swapped for a symlink again and again.
func TestRemoveRace(t *testing.T) {
	base := t.TempDir()
	outside := base + "/outside"
	if err := os.Mkdir(outside, 0o755); err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		if err := os.WriteFile(fmt.Sprintf("%s/%d", outside, i), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for range 50 {
		inner := base + "/tree/a/b"
		if err := os.MkdirAll(inner+"/c/d", 0o755); err != nil {
			t.Fatal(err)
		}
		swapped := make(chan struct{})
		go func() {
			defer close(swapped)
			for range 200 {
				os.Rename(inner, base+"/tree/a/away")
				os.Symlink(outside, inner)
				os.Remove(inner)
				os.Rename(base+"/tree/a/away", inner)
			}
		}()
		_ = tree.Remove(base + "/tree") // may fail: somebody else writes there
		<-swapped
		if err := tree.Remove(base + "/tree"); err != nil {
			t.Fatal(err)
		}
	}
	if all, err := os.ReadDir(outside); len(all) != 200 || err != nil {
		t.Errorf("%d of 200 files are left, %v", len(all), err)
	}
}

// What is mounted in a tree is not removed with it, and the sentence names it.
func TestMountIsLeft(t *testing.T) {
	if os.Getenv("TMPDIR") == "" || os.Getpid() != 1 {
		uid, gid := os.Getuid(), os.Getgid()
		again(t, t.TempDir(), "TestMountIsLeft", &syscall.SysProcAttr{
			Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID,
			UidMappings: []syscall.SysProcIDMap{{HostID: uid, Size: 1}}, GidMappings: []syscall.SysProcIDMap{{HostID: gid, Size: 1}},
		})
		return
	}
	base := os.Getenv("TMPDIR")
	mounted, outside := base+"/tree/a/b/mounted", base+"/outside"
	for _, err := range []error{
		os.MkdirAll(mounted, 0o755), os.Mkdir(outside, 0o755), os.WriteFile(outside+"/file", nil, 0o644),
		unix.Mount(outside, mounted, "", unix.MS_BIND, ""),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var mount *tree.MountError
	if err := tree.Remove(base + "/tree"); !errors.As(err, &mount) || !strings.HasSuffix(mount.Path, "/mounted") || mount.Hint() == "" {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(outside + "/file"); err != nil {
		t.Errorf("a file of what was mounted: %v", err)
	}
	if found, err := filepath.Glob(base + "/tree/*/mounted"); err != nil || len(found) > 1 {
		t.Errorf("got %q, %v", found, err)
	}
}
