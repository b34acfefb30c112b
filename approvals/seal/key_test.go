package seal_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exeat/approvals/seal"
	"exeat/store"
)

func TestPassphrases(t *testing.T) {
	form := regexp.MustCompile(`^([bdfghjklmnprstvz][aiou][bdfghjklmnprstvz][aiou][bdfghjklmnprstvz](-|$)){4}$`)
	seen := map[string]bool{}
	for range 1000 {
		p := seal.NewPassphrase()
		if !form.MatchString(p) || seen[p] {
			t.Fatalf("passphrase %q", p)
		}
		seen[p] = true
	}
}

// One key through its whole life; each step that unseals takes most of a second.
func TestKeyLife(t *testing.T) {
	key, approver, err := seal.Generate("ada", "lusab-babad-gutih-tugad")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "approver.json")
	if err := key.Create(path); err != nil {
		t.Fatal(err)
	}
	if err := key.Create(path); !errors.Is(err, seal.ErrKeyExists) {
		t.Errorf("second create: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	loaded, err := seal.Load(path)
	if err != nil || cmp.Diff(approver, loaded.Approver()) != "" {
		t.Fatalf("loaded %+v, %v", loaded.Approver(), err)
	}
	if _, err := loaded.Open("lusab-babad-gutih-tugaf"); !errors.Is(err, seal.ErrPassphrase) {
		t.Errorf("wrong passphrase: %v", err)
	}
	changed, err := loaded.Reseal(" lusab babad  gutih\ttugad\n", "a new one")
	if err != nil {
		t.Fatal(err)
	}
	if err := changed.Replace(path); err != nil {
		t.Fatal(err)
	}
	if loaded, err = seal.Load(path); err != nil {
		t.Fatal(err)
	}
	signer, err := loaded.Open("a new one")
	if err != nil {
		t.Fatal(err)
	}
	defer signer.Close()
	text, signature, err := signer.Sign(seal.Statement{Sandbox: "box"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := seal.Verify(text, signature, []store.Approver{approver}); err != nil {
		t.Errorf("signature of the resealed key: %v", err)
	}
	if names, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(names) > 0 {
		t.Errorf("left behind: %v", names)
	}
}

func TestEmptyPassphrases(t *testing.T) {
	for _, empty := range []string{"", "  ", "\t\n", "---"} {
		if _, _, err := seal.Generate("ada", empty); !errors.Is(err, seal.ErrEmptyPassphrase) {
			t.Errorf("%q: %v", empty, err)
		}
	}
}

// The file is the user's: whoever can write it can make it useless, and
// nothing else. Each row is one alteration.
func TestAlteredKeyFiles(t *testing.T) {
	dir := t.TempDir()
	key, _, err := seal.Generate("ada", "words")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "approver.json")
	if err := key.Create(path); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	replace := func(from, to string) []byte { return []byte(strings.Replace(string(good), from, to, 1)) }
	for name, text := range map[string][]byte{
		"cheaper kdf":   replace("scrypt-n262144-r8-p1", "scrypt-n2-r8-p1"),
		"unknown field": replace("{", `{"more": 1,`),
		"other version": replace(`"version": 1`, `"version": 9`),
		"no key":        []byte(`{"version": 1, "kdf": "scrypt-n262144-r8-p1", "cipher": "chacha20-poly1305"}`),
		"not JSON":      []byte("x"),
		"empty":         nil,
	} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := seal.Load(path); err == nil || errors.Is(err, seal.ErrNoKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	renamed := replace(`"ada"`, `"eve"`)
	if bytes.Equal(renamed, good) {
		t.Fatal("the file does not hold the name")
	}
	if err := os.WriteFile(path, renamed, 0o600); err != nil {
		t.Fatal(err)
	}
	if key, err = seal.Load(path); err != nil {
		t.Fatal(err)
	}
	if _, err := key.Open("words"); !errors.Is(err, seal.ErrPassphrase) {
		t.Errorf("a renamed key opens: %v", err)
	}
}

func TestLoadRefusesFiles(t *testing.T) {
	dir := t.TempDir()
	if _, err := seal.Load(filepath.Join(dir, "none")); !errors.Is(err, seal.ErrNoKey) {
		t.Errorf("no file: %v", err)
	}
	open := filepath.Join(dir, "open")
	if err := os.WriteFile(open, []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(open, link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{open, link, dir} {
		if _, err := seal.Load(path); err == nil || errors.Is(err, seal.ErrNoKey) {
			t.Errorf("%s: %v", filepath.Base(path), err)
		}
	}
}
