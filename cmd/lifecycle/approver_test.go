package lifecycle_test

import (
	"fmt"
	"os"
	"path/filepath"
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

func newApprover(u *user) *approver {
	u.t.Helper()
	passphrase, err := human.NewKey(u.command(u.t.Context(), "approver", "init", "--name", "ada"), patience)
	must(u.t, err)
	return &approver{u, passphrase}
}

// agree signs what a command asks for; it may be killed at any moment.
func (a *approver) agree(args ...string) (code int, screen string) {
	code, screen, err := human.Agree(a.command(a.t.Context(), args...), a.passphrase, patience)
	if err != nil {
		return 1, screen + err.Error()
	}
	return code, screen
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
