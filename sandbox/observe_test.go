package sandbox_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"exeat/sandbox"
	"exeat/store"
)

// observed is a sandbox whose refused file accesses are recorded, with a home on
// the host that has a key in it, and a project beside its own.
func observed(t *testing.T, mode string) (boxes *sandbox.Sandboxes, home string) {
	t.Helper()
	boxes = newBoxes(t)
	base, err := os.MkdirTemp("/var/tmp", "exeat") // /tmp is the sandbox's own
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(base) })
	home = filepath.Join(base, "ada")
	for _, dir := range []string{"/.ssh", "/work", "/other"} {
		os.MkdirAll(home+dir, 0o755)
	}
	os.Chmod(base, 0o755)
	for _, file := range []string{"/.ssh/id_ed25519", "/other/secret", "/.bashrc"} {
		os.WriteFile(home+file, []byte("secret"), 0o644)
	}
	boxes.Home = home
	args := frozen(t, "box", testPolicy)
	args.Spec.Workdir, args.Spec.Observe = home+"/work", mode
	create(t, boxes, args)
	return boxes, home
}

// fileDenials waits for as many as wanted, which are recorded after the fact.
func fileDenials(t *testing.T, boxes *sandbox.Sandboxes, want int) []store.Decision {
	t.Helper()
	var all []store.Decision
	for range 100 {
		if all = denials(t, boxes); len(all) >= want {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	return all
}

// What the view or Landlock refuses is in the record, with who asked; what fails
// for other reasons, or does not fail, is not.
func TestObservedDenials(t *testing.T) {
	boxes, home := observed(t, "reads")
	rows := []struct{ script, operation, path, rule string }{
		{"cat HOME/.ssh/id_ed25519; true", "read", "HOME/.ssh/id_ed25519", "read_only"},
		{"cat HOME/.ssh/not-there", "read", "HOME/.ssh/not-there", "read_only"},
		{"cat ../other/secret", "read", "HOME/other/secret", "read_only"},
		{"cat /proc/1/root/HOME/.ssh/id_ed25519", "read", "HOME/.ssh/id_ed25519", "read_only"},
		{"ln -s HOME/.bashrc l; echo x >>l", "write", "HOME/.bashrc", "read_write"},
		{"ln -s HOME/other d; cat d/secret", "read", "HOME/other/secret", "read_only"},
		{"ln HOME/.bashrc b", "link", "HOME/.bashrc", "read_write"},
		{"truncate -s0 /etc/hosts", "write", "/etc/hosts", ""},
		{"echo x >/usr/local/exeat-test", "write", "/usr/local/exeat-test", ""},
		{"mkdir HOME/new", "mkdir", "HOME/new", ""},
		{"rm -f /etc/hosts", "remove", "/etc/hosts", ""},
		{"touch m; mv m /usr/bin/m", "rename", "/usr/bin/m", ""},
		{"chmod 600 /etc/hosts", "chmod", "/etc/hosts", ""},
		{"touch /exeat/x", "write", "/exeat/x", ""},
	}
	seen := 0
	for _, row := range rows {
		run(t, boxes, "box", "sh", "-c", strings.ReplaceAll(row.script, "HOME", home))
		all := fileDenials(t, boxes, seen+1)
		if len(all) <= seen {
			t.Errorf("%s: no record", row.script)
			continue
		}
		d, want := all[seen], strings.ReplaceAll(row.path, "HOME", home)
		if d.Layer != "file" || d.Method != row.operation || d.Target != want || (d.RuleMissing == "") != (row.rule == "") || !strings.Contains(d.RuleMissing, row.rule) {
			t.Errorf("%s: got %s %s %q, want %s %s %s", row.script, d.Method, d.Target, d.RuleMissing, row.operation, want, row.rule)
		}
		if d.Exe == "" || len(d.Ancestors) == 0 && strings.Contains(row.script, "true") {
			t.Errorf("%s: got program %q below %q", row.script, d.Exe, d.Ancestors)
		}
		seen = len(all)
	}
	if got := run(t, boxes, "box", "cat", "/exeat/denials.log"); !strings.Contains(got.out, "path:           "+home+"/.ssh/id_ed25519") {
		t.Errorf("got %q", got.out)
	}
}

// Ordinary work leaves nothing in the record.
func TestOrdinaryWorkIsNotRecorded(t *testing.T) {
	boxes, _ := observed(t, "reads")
	run(t, boxes, "box", "sh", "-c", `
echo x >a; cat a nowhere /etc/nowhere /usr/nowhere /nowhere/x; mkdir d; mv a d/b; ln d/b c; ln -s c l; cat l; echo y >l; rm -r d c l; rm -f none
echo x >/dev/null; echo y >/dev/stderr; python3 -c 'import json, ssl, nowhere'; git init -q r; cd r; git status; echo x >/tmp/x; touch /sandbox/x; rmdir none`)
	time.Sleep(300 * time.Millisecond)
	for _, d := range denials(t, boxes) {
		t.Errorf("%s %s: %s by %s", d.Method, d.Target, d.Reason, d.Exe)
	}
}
