package cgroup_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"exeat/sandbox/cgroup"
)

// ordinary is the uid and gid of an ordinary user.
const ordinary = 65534

// what a process says of its own group.
func groupOf(t *testing.T, pid int) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if own, ok := strings.CutPrefix(line, "0::"); ok {
			return strings.TrimSpace(own)
		}
	}
	return ""
}

// try makes a group, moves a program into it, and removes both.
func try(t *testing.T, want string) {
	t.Helper()
	name := fmt.Sprintf("exeat-test-%d", os.Getpid())
	g, err := cgroup.Make(name)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := cgroup.Make(name); err != nil || *again != *g {
		t.Errorf("one that is there already: %v, %v", again, err)
	}
	sleep := exec.CommandContext(t.Context(), "sleep", "1000")
	if err := sleep.Start(); err != nil {
		t.Fatal(err)
	}
	if err := g.Add(sleep.Process.Pid); err != nil {
		t.Fatal(err)
	}
	if got := groupOf(t, sleep.Process.Pid); !strings.HasSuffix(got, want+"/"+name) {
		t.Errorf("it is in %q, want ...%s/%s", got, want, name)
	}
	if n, err := g.Get("cgroup.max.depth"); n != -1 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
	if err := errors.Join(g.Set("cgroup.max.depth", 7), g.Remove()); err != nil {
		t.Error(err)
	}
	if err := sleep.Wait(); err == nil {
		t.Error("the program was not killed")
	}
	if err := g.Remove(); err != nil {
		t.Errorf("a second time: %v", err)
	}
	if _, err := cgroup.Make(name); err != nil {
		t.Error(err)
	}
	cgroup.Clean(name)
	if _, err := g.Get("cgroup.max.depth"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after the cleaning: %v", err)
	}
}

// TestMake is in a mount namespace with a hierarchy of its own mounting, as
// root; an ordinary user has none until root delegates one.
func TestMake(t *testing.T) {
	if os.Geteuid() != 0 {
		if g, err := cgroup.Make("exeat-test", "no-such-controller"); !errors.Is(err, cgroup.ErrNotDelegated) {
			t.Errorf("got %v, %v", g, err)
		}
		return
	}
	if os.Getenv("HIERARCHY") == "" {
		again(t, "HIERARCHY="+t.TempDir(), &syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWNS})
		return
	}
	root := os.Getenv("HIERARCHY")
	if err := unix.Mount("cgroup2", root, "cgroup2", 0, ""); err != nil {
		t.Fatal(err)
	}
	try(t, "")
	if g, err := cgroup.Make("exeat-test", "no-such-controller"); !errors.Is(err, cgroup.ErrNotDelegated) || !strings.Contains(err.Error(), "hands on no-such-controller") {
		t.Errorf("got %v, %v", g, err)
	}
	delegated(t, root)
}

// TestDelegated is what runs as the user, in a session below what is delegated.
func TestDelegated(t *testing.T) {
	if os.Getenv("DELEGATED") != "" {
		try(t, "/"+os.Getenv("DELEGATED"))
	}
}

// delegated gives a group to a user, as systemd does, and goes on as that user in
// a group below it that is not his, as that of a session is not.
func delegated(t *testing.T, root string) {
	t.Helper()
	name := fmt.Sprintf("exeat-delegated-%d", os.Getpid())
	slice := root + "/" + name
	session := slice + "/session"
	if err := os.MkdirAll(session, 0o755); err != nil {
		t.Fatal(err)
	}
	defer func() { unix.Rmdir(session); unix.Rmdir(slice) }()
	for _, path := range []string{slice, slice + "/cgroup.procs", slice + "/cgroup.subtree_control"} {
		if err := os.Chown(path, ordinary, ordinary); err != nil {
			t.Fatal(err)
		}
	}
	dir, err := os.Open(session)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	again(t, "DELEGATED="+name, &syscall.SysProcAttr{
		Credential: &syscall.Credential{Uid: ordinary, Gid: ordinary}, UseCgroupFD: true, CgroupFD: int(dir.Fd()),
	})
}

// again runs the tests in a process with other attributes.
func again(t *testing.T, variable string, attr *syscall.SysProcAttr) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run=^Test(Make|Delegated)$")
	cmd.Env, cmd.SysProcAttr = []string{variable, "PATH=" + os.Getenv("PATH")}, attr
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("again: %v\n%s", err, out)
	}
}
