package cmd_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"exeat/cmd/demo/human"
	"exeat/cmd/demo/standin"
	"exeat/cmd/demo/world"
)

// GitHub's addresses in the worlds of the tests, and the only token it takes.
const (
	gitHost = "140.82.112.3"
	apiHost = "140.82.112.6"
	token   = "ghp_theRealTokenThatNoSandboxMaySee00000"
)

// stage is what all scripts of a run share.
type stage struct {
	hub        *standin.GitHub
	key        []byte // approver.json of one approver, made once: sealing a key takes a second
	passphrase string
}

// TestScripts runs testdata/script against the real binary in this world.
// Each script has a home, a repository on GitHub called $REPO, both of the
// tutorial's policies for it, and the commands of commands.
func TestScripts(t *testing.T) {
	s := newStage(t)
	if err := os.Symlink("../self", filepath.Join(world.Dir(), "bin/lacking")); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join(world.Dir(), "script"), RequireUniqueNames: true,
		Setup: s.setup, Cmds: s.commands(), Condition: condition,
	})
}

// condition knows [root]: only root can make a file that is somebody else's.
func condition(name string) (bool, error) {
	if name != "root" {
		return false, fmt.Errorf("unknown condition %q", name)
	}
	return os.Getuid() == 0, nil
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{hub: github(t)}
	home := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "exeat", "approver", "init", "--name", "ada")
	cmd.Env = append(os.Environ(), "HOME="+home, "NO_COLOR=1")
	var err error
	if s.passphrase, err = human.NewKey(cmd, patience); err != nil {
		t.Fatal(err)
	}
	if s.key, err = os.ReadFile(filepath.Join(home, ".config/exeat/approver.json")); err != nil {
		t.Fatal(err)
	}
	return s
}

// github stands in for GitHub with a repository for each script.
func github(t *testing.T) *standin.GitHub {
	t.Helper()
	ca, err := standin.ReadCA(filepath.Join(world.Dir(), "etc/ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	scripts, err := filepath.Glob(filepath.Join(world.Dir(), "script/*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	repositories := []string{"acme/secrets"}
	for _, script := range scripts {
		repositories = append(repositories, repository(strings.TrimSuffix(filepath.Base(script), ".txtar")))
	}
	hub, err := standin.NewGitHub(t.Context(), filepath.Join(world.Dir(), "repos"), token, repositories...)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := ca.Leaf("github.com", "api.github.com")
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{gitHost, apiHost} {
		if err := hub.Listen(t.Context(), address, cert); err != nil {
			t.Fatal(err)
		}
	}
	return hub
}

func repository(script string) string { return "acme/" + script }

// patience bounds every wait for something that takes milliseconds on an idle machine.
const patience = 30 * time.Second

// setup gives a script its home. Sockets have a short directory of their own,
// since their path must fit in 108 bytes (unix(7)).
func (s *stage) setup(env *testscript.Env) error {
	script := strings.TrimPrefix(filepath.Base(env.WorkDir), "script-")
	home, run := filepath.Join(env.WorkDir, "home"), filepath.Join(world.Dir(), "run", script)
	for _, dir := range []string{filepath.Join(home, ".config/exeat"), run} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	files := map[string]string{
		".gitconfig": "[user]\n\tname = Ada\n\temail = ada@example.com\n", ".config/exeat/approver.json": string(s.key),
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(home, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	if err := policies(env.WorkDir, repository(script)); err != nil {
		return err
	}
	env.Setenv("HOME", home)
	env.Setenv("XDG_RUNTIME_DIR", run)
	env.Setenv("STATE", filepath.Join(home, ".local/state/exeat"))
	env.Setenv("REPO", repository(script))
	env.Setenv("PASSPHRASE", s.passphrase)
	env.Setenv("TOKEN", token)
	env.Setenv("LANG", "C.UTF-8")
	env.Values[castKey{}] = &cast{}
	env.Defer(func() { clean(env) })
	return nil
}

// policies writes the tutorial's policies for the script's own repository.
func policies(dir, repository string) error {
	for _, name := range []string{"tutorial-old.yaml", "tutorial-new.yaml"} {
		text, err := os.ReadFile(filepath.Join(world.Dir(), "policies", name))
		if err != nil {
			return err
		}
		text = []byte(strings.ReplaceAll(string(text), "acme/widgets", repository))
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// clean deletes what sandboxes a script leaves, so that the next one has the machine to itself.
func clean(env *testscript.Env) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	exeat := func(args ...string) ([]byte, error) {
		cmd := exec.CommandContext(ctx, "exeat", args...)
		cmd.Env = env.Vars
		return cmd.Output()
	}
	out, err := exeat("sandbox", "list", "--json")
	var rows []struct{ Name string }
	if err != nil || json.Unmarshal(out, &rows) != nil {
		return // a script about a broken state; the world ends everything
	}
	for _, row := range rows {
		_, _ = exeat("sandbox", "delete", "--force", row.Name)
	}
}
