package credential_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"exeat/proxy/credential"
)

func openSecrets(t *testing.T) (*credential.Secrets, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "secrets")
	s, err := credential.OpenSecrets(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, dir
}

func value(t testing.TB, s string) credential.Value {
	t.Helper()
	v, err := credential.NewValue(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSecrets(t *testing.T) {
	s, dir := openSecrets(t)
	if _, err := s.Load("mine"); !errors.Is(err, credential.ErrNoSecret) {
		t.Errorf("got %v, want ErrNoSecret", err)
	}
	for _, want := range []string{"first", "second"} {
		if err := s.Save("mine", value(t, want)); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Load("mine"); err != nil || got.Reveal() != want {
			t.Errorf("got %q, %v, want %q", got.Reveal(), err, want)
		}
	}
	for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, "mine"): 0o600} {
		if st, err := os.Stat(path); err != nil || st.Mode().Perm() != want {
			t.Errorf("%s: got %v, %v, want %v", path, st.Mode(), err, want)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("got %v, %v, want the secret alone", left, err)
	}
	if err := s.Delete("mine"); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete("mine"); !errors.Is(err, credential.ErrNoSecret) {
		t.Errorf("got %v, want ErrNoSecret", err)
	}
}

// Deleting takes what a crash left of saving along, and nothing of another provider.
func TestDeleteLeavesNothing(t *testing.T) {
	s, dir := openSecrets(t)
	if err := s.Save("mine", value(t, "x")); err != nil {
		t.Fatal(err)
	}
	for _, left := range []string{".mine.17", ".mine.18", ".mine.2.19", ".others.20"} {
		if err := os.WriteFile(filepath.Join(dir, left), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Delete("mine"); err != nil {
		t.Fatal(err)
	}
	names, _ := filepath.Glob(filepath.Join(dir, ".[a-z]*"))
	if len(names) != 2 || filepath.Base(names[0]) != ".mine.2.19" {
		t.Errorf("left: %q", names)
	}
}

func TestSecretsRefuseDirectories(t *testing.T) {
	rows := []struct {
		name, want string
		make       func(path string) error
	}{
		{"readable by others", "can be used by others", func(p string) error {
			return errors.Join(os.Mkdir(p, 0o700), os.Chmod(p, 0o750))
		}},
		{"symlink", "not a directory", func(p string) error { return os.Symlink(t.TempDir(), p) }},
		{"file", "not a directory", func(p string) error { return os.WriteFile(p, nil, 0o600) }},
	}
	for _, row := range rows {
		path := filepath.Join(t.TempDir(), "secrets")
		if err := row.make(path); err != nil {
			t.Fatal(err)
		}
		s, err := credential.OpenSecrets(path)
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want %s", row.name, err, row.want)
		}
	}
}

func TestSecretsRefuseFiles(t *testing.T) {
	rows := []struct {
		name, want string
		make       func(path string) error
	}{
		{"readable", "can be used by others", func(p string) error {
			return errors.Join(os.WriteFile(p, []byte("x"), 0o600), os.Chmod(p, 0o640))
		}},
		{"symlink", "too many levels of symbolic links", func(p string) error { return os.Symlink("/etc/hostname", p) }},
		{"directory", "is not a regular file", func(p string) error { return os.Mkdir(p, 0o700) }},
		{"large", "longer than", func(p string) error { return os.WriteFile(p, make([]byte, 1<<20), 0o600) }},
		{"two lines", "line break", func(p string) error { return os.WriteFile(p, []byte("a\nb"), 0o600) }},
	}
	s, dir := openSecrets(t)
	for _, row := range rows {
		path := filepath.Join(dir, "mine")
		if err := errors.Join(os.RemoveAll(path), row.make(path)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Load("mine"); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want %s", row.name, err, row.want)
		}
	}
}

func TestSecretsRefuseNames(t *testing.T) {
	s, _ := openSecrets(t)
	for _, name := range []string{"", ".", "..", "../x", "a/b", ".x", "A", "a\x00"} {
		_, load := s.Load(name)
		for _, err := range []error{load, s.Save(name, value(t, "x")), s.Delete(name)} {
			if err == nil || errors.Is(err, credential.ErrNoSecret) {
				t.Errorf("%q: got %v, want the name refused", name, err)
			}
		}
	}
}
