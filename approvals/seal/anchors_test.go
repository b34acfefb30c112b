package seal_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exeat/approvals/seal"
	"exeat/store"
)

func TestAnchorLines(t *testing.T) {
	ada := seal.NewTestSigner(t, "ada").Approver()
	keys, err := seal.ParseAnchors([]byte("# who may approve\n\n" + seal.AnchorLine(ada) + "\n"))
	if err != nil || cmp.Diff([][]byte{ada.Public}, keys) != "" {
		t.Errorf("got %x, %v", keys, err)
	}
	for _, bad := range []string{"ssh-ed25519", "ssh-ed25519 xxx ada", "ssh-rsa AAAA ada", "ada", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA== ada"} {
		if _, err := seal.ParseAnchors([]byte(bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// A list that cannot be trusted is an error, never no list.
func TestReadAnchors(t *testing.T) {
	ada, eve := seal.NewTestSigner(t, "ada").Approver(), seal.NewTestSigner(t, "eve").Approver()
	both := []store.Approver{ada, eve}
	dir := t.TempDir()
	path := filepath.Join(dir, "approvers")
	none, err := seal.ReadAnchors(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := none.Trusted(both); err != nil || cmp.Diff(both, got) != "" {
		t.Errorf("without a list: %v, %v", got, err)
	}
	if err := os.WriteFile(path, []byte(seal.AnchorLine(ada)), 0o644); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() != 0 {
		if _, err := seal.ReadAnchors(path); err == nil || !strings.Contains(err.Error(), "root") {
			t.Errorf("a list of another user's: %v", err)
		}
		return
	}
	list, err := seal.ReadAnchors(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := list.Trusted(both); err != nil || cmp.Diff([]store.Approver{ada}, got) != "" {
		t.Errorf("with a list: %v, %v", got, err)
	}
	if _, err := list.Trusted([]store.Approver{eve}); !errors.Is(err, seal.ErrUnknownApprover) {
		t.Errorf("none listed: %v", err)
	}
	for name, spoil := range map[string]func() error{
		"writable file":      func() error { return os.Chmod(path, 0o666) },
		"writable directory": func() error { return errors.Join(os.Chmod(path, 0o644), os.Chmod(dir, 0o777)) },
		"another's":          func() error { return errors.Join(os.Chmod(dir, 0o755), os.Chown(path, 65534, 65534)) },
		"symlink":            func() error { return errors.Join(os.Rename(path, path+"2"), os.Symlink(path+"2", path)) },
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		if _, err := seal.ReadAnchors(path); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
