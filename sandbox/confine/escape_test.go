package confine_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"exeat/sandbox/confine"
)

// readOnly is how a write fails, by mount or by Landlock.
const readOnly = "denied|Read-only|nonexistent"

// Each row is something a program inside tries, and how it must fail. The
// numbers are those of the attacks in the project's list.
func TestEscapes(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("of the host"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("EXEAT_TEST_SECRET", "of the supervisor")
	b := start(t, basic(t))
	for _, c := range []struct{ name, script, want string }{
		{"FS01 a file of the host", "cat " + secret, "No such file"},
		{"FS11 through the root of init", "cat /proc/1/root" + secret, "Permission denied"},
		{"FS11 through its own root", "cat /proc/self/root" + secret, "No such file"},
		{"FS11 init's directory", "ls /proc/1/cwd/", "Permission denied"},
		{"init's descriptors", "ls /proc/1/fd/", "Permission denied"},
		{"init's environment", "cat /proc/1/environ", "Permission denied"},
		{"the supervisor's environment", "env", "HOME=/tmp"},
		{"FS13 a hard link out", "ln /etc/hosts /tmp/x", "link"},
		{"FS15 the host's homes", "ls /home /root /var /run /sys", "No such file"},
		{"FS21 truncate", "truncate -s0 /etc/hosts", readOnly},
		{"write the root", "echo x >/x", readOnly},
		{"write /usr", "touch /usr/x", readOnly},
		{"write /etc", "touch /etc/x", readOnly},
		{"write /exeat", "touch /exeat/bin/x", readOnly},
		{"a device node", "mknod /tmp/sda b 8 0", "not permitted"},
		{"a character node", "mknod /dev/shm/mem c 1 1", "not permitted"},
		{"core pattern", "echo '|/tmp/x' >/proc/sys/kernel/core_pattern", readOnly},
		{"sysrq", "echo b >/proc/sysrq-trigger", readOnly},
		{"the limit on user namespaces", "echo 9 >/proc/sys/user/max_user_namespaces", readOnly},
		{"kernel memory", "wc -c </proc/kcore", `^0$|No such file`},
		{"keys", "wc -c </proc/keys", `^0$|No such file`},
		{"PR13 another program's memory", "sleep 100 & /exeat/bin/exeat probe memory $!; kill $!", "permission denied"},
		{"PR17 set-uid", "find /usr/bin -perm -4000 | head -1 | xargs -r ls >/dev/null; grep -c nosuid /proc/self/mountinfo | grep -qv '^0$' && echo ok", "ok"},
		{"PR20 a user namespace", "unshare -U true", "not permitted"},
		{"PR20 a mount namespace", "unshare -m true", "not permitted"},
		{"a mount", "mount -t tmpfs x /tmp", "mount"},
		{"a chroot", "chroot /tmp true", "not permitted"},
		{"kill init", "kill -9 1", "not permitted"},
		{"processes outside", "ls -d /proc/[0-9]* | wc -l", "^[34]$"},
		{"the host name", "hostname", "box"},
	} {
		out, _ := run(t, b, "sh", "-c", c.script)
		if !regexp.MustCompile(c.want).MatchString(out) {
			t.Errorf("%s: got %q, want %q", c.name, out, c.want)
		}
		if strings.Contains(out, "of the ") && strings.Contains(out, "host") {
			t.Errorf("%s: got the host's secret", c.name)
		}
		if strings.Contains(out, "of the supervisor") {
			t.Errorf("%s: got the supervisor's secret", c.name)
		}
	}
}

// PR15: what a program leaves behind in a session of its own is in the sandbox,
// and goes with it.
func TestNothingOutlives(t *testing.T) {
	b := start(t, basic(t))
	token := "31415926" + filepath.Base(t.TempDir())
	if _, code := run(t, b, "sh", "-c", "setsid sh -c 'while :; do sleep 0.01; done # "+token+"' >/dev/null 2>&1 </dev/null &"); code != 0 {
		t.Fatalf("status %d", code)
	}
	if got := len(withArgument(t, token)); got == 0 {
		t.Fatal("the process in a session of its own is not there")
	}
	b.Close()
	if got := withArgument(t, token); len(got) != 0 {
		t.Errorf("processes %v are left", got)
	}
}

// withArgument are the processes of the host with an argument that contains token.
func withArgument(t *testing.T, token string) []string {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, p := range all {
		if text, err := os.ReadFile(p); err == nil && strings.Contains(string(text), token) && filepath.Base(filepath.Dir(p)) != "self" {
			found = append(found, p)
		}
	}
	return found
}

// No descriptor of the supervisor reaches a program: a directory would be a way out.
func TestNoDescriptors(t *testing.T) {
	dir, err := os.Open("/")
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	b := start(t, basic(t))
	for _, tty := range []bool{false, true} {
		p, err := b.Exec(confine.ExecSpec{Argv: []string{"sh", "-c", "ls -l /proc/self/fd | grep -c -- '->'; exit"}, Env: environment(), TTY: tty})
		if err != nil {
			t.Fatal(err)
		}
		out := p.Stdout
		if tty {
			out = p.Terminal
		}
		buf := make([]byte, 16)
		n, _ := out.Read(buf)
		if got, want := strings.TrimSpace(string(buf[:n])), "4"; got != want { // and the one that ls reads
			t.Errorf("terminal %v: %s descriptors, want %s", tty, got, want)
		}
		p.Wait()
		p.Close()
	}
}
