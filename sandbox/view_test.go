package sandbox_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"exeat/store"
)

// What a program in a sandbox sees: its tools, its own places, and no more.
func TestView(t *testing.T) {
	boxes := newBoxes(t)
	args := frozen(t, "seen", testPolicy)
	args.Spec.EnvNames = []string{"COLOUR"}
	args.Private.Env = map[string]string{"COLOUR": "green"}
	args.Private.GitName, args.Private.GitEmail = "Ada Lovelace", "ada@example.com"
	create(t, boxes, args)
	tests := []struct{ script, want string }{
		{"pwd; echo $HOME; whoami; hostname", "/sandbox\n/sandbox\nsandbox\nseen\n"},
		{"echo $COLOUR", "green\n"},
		{"git config user.name; git config user.email", "Ada Lovelace\nada@example.com\n"},
		{"getent hosts exeat.local", "198.18.0.1      exeat.local\n"},
		{"exeat 2>&1 | head -c 0; PATH=${PATH##*:} command -v exeat", "/exeat/bin/exeat\n"},
		{"touch /usr/x 2>/dev/null || echo refused", "refused\n"},
		{"touch /etc/x 2>/dev/null || echo refused", "refused\n"},
		{"touch /exeat/denials.log 2>/dev/null || echo refused", "refused\n"},
		{"echo x > /exeat/ca-bundle.pem || echo refused", "refused\n"},
		{"touch /x 2>/dev/null || echo refused", "refused\n"},
		{"touch /sandbox/x /tmp/x && echo written", "written\n"},
		{"ls -A /tmp", ""},
		{"ls /home /root /run /var/run 2>/dev/null", ""},
		{"ls " + boxes.Dirs.State + " 2>&1 >/dev/null | grep -c .", "1\n"},
		{"cat /etc/shadow 2>/dev/null || echo refused", "refused\n"},
		{"grep -c ^sandbox: /etc/passwd", "1\n"},
		{"python3 -c 'import ssl; print(len(ssl.create_default_context().get_ca_certs()) > 1)'", "True\n"},
		{"grep -l 'BEGIN CERT' $SSL_CERT_FILE /etc/ssl/certs/ca-certificates.crt", "/exeat/ca-bundle.pem\n/etc/ssl/certs/ca-certificates.crt\n"},
		{"cmp /exeat/ca-bundle.pem /etc/ssl/certs/ca-certificates.crt && echo same", "same\n"},
		{"env | grep -c -e XDG_ -e SUDO -e SSH -e proxy", "0\n"},
		{"ls /proc/self/fd | wc -l", "4\n"},
	}
	for _, tt := range tests {
		got := run(t, boxes, "seen", "sh", "-c", tt.script)
		if strings.HasPrefix(tt.script, "touch /sandbox/x") {
			run(t, boxes, "seen", "rm", "/sandbox/x", "/tmp/x")
		}
		if got.out != tt.want {
			t.Errorf("%s: got %q %q, want %q", tt.script, got.out, got.err, tt.want)
		}
	}
}

// A live workdir is at its own path, and what is made there lands on the host
// as its owner's.
func TestWorkdir(t *testing.T) {
	boxes := newBoxes(t)
	work := filepath.Join(filepath.Dir(boxes.Dirs.State), "work")
	os.MkdirAll(work, 0o755)
	os.WriteFile(work+"/in", []byte("from outside\n"), 0o644)
	args := frozen(t, "box", testPolicy)
	args.Spec.Workdir = work
	create(t, boxes, args)
	if got := run(t, boxes, "box", "sh", "-c", "pwd; cat in; echo from inside > out; mkdir d; stat -c %U in out"); got.out != work+"\nfrom outside\nsandbox\nsandbox\n" {
		t.Errorf("got %+v", got)
	}
	data, err := os.ReadFile(work + "/out")
	if string(data) != "from inside\n" {
		t.Errorf("got %q, %v", data, err)
	}
	var owners []string
	for _, name := range []string{work, work + "/out", work + "/d"} {
		owners = append(owners, owner(t, name))
	}
	if owners[0] != owners[1] || owners[0] != owners[2] {
		t.Errorf("got owners %v, want them the same", owners)
	}
}

// A program below the home directory is shown alone, and called by its name.
func TestProgram(t *testing.T) {
	boxes := newBoxes(t)
	dir := boxes.Home + "/.local/share/agent"
	os.MkdirAll(dir, 0o755)
	os.WriteFile(dir+"/agent-1.0", []byte("#!/bin/sh\necho agent $0; ls "+dir+"\n"), 0o755)
	os.WriteFile(dir+"/secret", nil, 0o644)
	args := frozen(t, "box", testPolicy)
	args.Spec.Program = &store.Program{Source: dir + "/agent-1.0", Link: "agent"}
	create(t, boxes, args)
	if got := run(t, boxes, "box", "agent"); got.out != "agent /exeat/bin/agent\nagent-1.0\n" {
		t.Errorf("got %+v", got)
	}
}

// Whatever directories a policy names, the sandbox's own places stay its own.
func TestPolicyPaths(t *testing.T) {
	for _, paths := range []string{"[]", "[/usr]", "[/var, /lib64]", "[/etc]", "[/usr/bin, /etc/ssl]", "[/dev, /proc, /tmp/x, /opt]"} {
		boxes := newBoxes(t)
		text := strings.Replace(testPolicy, "[/usr, /lib, /etc, /proc, /var/log]", paths, 1)
		create(t, boxes, frozen(t, "box", text))
		got := run(t, boxes, "box", "sh", "-c", "cat /exeat/denials.log && cat /var/log/exeat/denials.log && ls /var/log && cat /etc/hosts | grep -c exeat && curl -sS -o /dev/null -w %{http_code} https://x.example/")
		if got.out != "exeat\n2\n403" {
			t.Errorf("%s: got %+v", paths, got)
		}
	}
}
