package lifecycle_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"exeat/cmd/demo/human"
)

// pinned is the one sandbox whose policy can be changed.
const pinned = "pinned"

// approver is a human with a key, at terminals.
type approver struct {
	*user
	passphrase string
}

// newApprover makes the key and remembers the passphrase that the screen shows.
func newApprover(u *user) *approver {
	u.t.Helper()
	a := &approver{user: u}
	h, err := human.Sit(u.command(u.t.Context(), "approver", "init", "--name", "ada"))
	must(u.t, err)
	shown, err := h.Expect(`\b([a-z]{5}(?:-[a-z]{5}){3})\b`, patience)
	must(u.t, err)
	a.passphrase = shown[1]
	_, err = h.Expect(`Type the passphrase once: `, patience)
	must(u.t, err)
	must(u.t, h.Type(a.passphrase))
	if code, err := h.Leave(); code != 0 || err != nil {
		u.t.Fatalf("approver init: exit code %d, %v\n%s", code, err, h.Screen())
	}
	return a
}

var digest = regexp.MustCompile(`(?i)digest\s+([0-9a-f]{6})\b`)

// agree answers what a command asks for a signature, and returns its exit code;
// it may be killed at any moment.
func (a *approver) agree(args ...string) (code int, screen string) {
	h, err := human.Sit(a.command(a.t.Context(), args...))
	if err != nil {
		return 1, err.Error()
	}
	for {
		asked, err := h.Expect(`(Type the six digits|Passphrase of )[^\n]*: `, patience)
		if err != nil {
			break
		}
		answer := a.passphrase
		if asked[1] != "Passphrase of " {
			answer = digest.FindStringSubmatch(h.Screen())[1]
		}
		if h.Type(answer) != nil {
			break
		}
	}
	code, _ = h.Leave()
	return code, h.Screen()
}

// sign is agree for what must succeed.
func (a *approver) sign(args ...string) {
	a.t.Helper()
	if code, screen := a.agree(args...); code != 0 {
		a.t.Fatalf("exeat %q: exit code %d\n%s", args, code, screen)
	}
}

// otherPolicy writes a policy that nobody has signed yet.
func (p *plan) otherPolicy() string {
	file := filepath.Join(p.home, "other.yaml")
	text := strings.Replace(policy, "access: read-only", fmt.Sprintf("path: \"/%d/**\", access: full } , { host: a.example.com, port: 443, protocol: rest, enforcement: enforce, access: read-only", p.count), 1)
	must(p.t, os.WriteFile(file, []byte(text), 0o644))
	return file
}
