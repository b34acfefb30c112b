package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"exeat/cmd/demo/agents"
	"exeat/cmd/demo/human"
	"exeat/cmd/demo/standin"
)

// token is the secret of the story: it must reach GitHub and never the sandbox.
const token = "ghp_thisIsTheRealTokenOfTheDemo000000000"

// sandboxName is the sandbox of the story.
const sandboxName = "demo"

// story is a run of the demo inside its world.
type story struct {
	dir        string
	began      time.Time
	hub        *standin.GitHub
	passphrase string
	terminal   *human.Human // where the sandbox was created and the inside agent prints
	host       hostAgent
	proposal   int64
}

// line prints one step with the time since the beginning.
func (s *story) line(format string, a ...any) {
	fmt.Printf("%6.2fs  %s\n", time.Since(s.began).Seconds(), fmt.Sprintf(format, a...))
}

// play runs the steps in order; the first that fails ends the story.
func (s *story) play(ctx context.Context, key []byte) error {
	if err := s.github(ctx, key); err != nil {
		return err
	}
	steps := []func(context.Context) error{
		s.approver, s.provider, s.create, s.watch, s.diagnose, s.approve, s.retry, s.verify, s.clean,
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s *story) github(ctx context.Context, key []byte) error {
	ca, err := standin.ParseCA(key)
	if err != nil {
		return err
	}
	if s.hub, err = standin.NewGitHub(ctx, filepath.Join(s.dir, "repos"), token, repository, other); err != nil {
		return err
	}
	cert, err := ca.Leaf("github.com", "api.github.com")
	if err != nil {
		return err
	}
	for _, address := range []string{gitHost, apiHost} {
		if err := s.hub.Listen(ctx, address, cert); err != nil {
			return err
		}
	}
	s.line("a stand-in for GitHub serves %s and %s over TLS", repository, other)
	return nil
}

// exeat runs a command of the binary and returns what it printed.
func (s *story) exeat(ctx context.Context, env []string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, s.binary(), args...)
	cmd.Env = append(cmd.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("exeat %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return string(out), nil
}

func (s *story) binary() string { return filepath.Join(s.dir, "bin", "exeat") }

// sit starts a command of the binary at a terminal of its own.
func (s *story) sit(args ...string) (*human.Human, error) {
	cmd := exec.Command(s.binary(), args...)
	cmd.Env = append(cmd.Environ(), "NO_COLOR=1") // this human reads with regular expressions
	return human.Sit(cmd)
}

// gitConfig is who the user of the story is to git; the sandbox gets name and address.
const gitConfig = "[user]\n\tname = Ada\n\temail = ada@example.com\n"

func (s *story) approver(context.Context) error {
	if err := os.WriteFile(filepath.Join(s.dir, "home", ".gitconfig"), []byte(gitConfig), 0o644); err != nil {
		return err
	}
	h, err := s.sit("approver", "init")
	if err != nil {
		return err
	}
	if s.passphrase, err = newPassphrase(h); err != nil {
		return err
	}
	if code, err := h.Leave(); err != nil || code != 0 {
		return fmt.Errorf("approver init ended with %d: %w\n%s", code, err, h.Screen())
	}
	s.line("you: made an approver key, sealed under a passphrase of four words")
	return nil
}

// newPassphrase reads the generated words off the screen and types them back.
func newPassphrase(h *human.Human) (string, error) {
	shown, err := h.Expect(`\b([a-z]{5}-[a-z]{5}-[a-z]{5}-[a-z]{5})\b`, 10*time.Second)
	if err != nil {
		return "", err
	}
	if _, err := h.Expect(`(?i)passphrase.*: `, 10*time.Second); err != nil {
		return "", err
	}
	return shown[1], h.Type(shown[1])
}

func (s *story) provider(ctx context.Context) error {
	_, err := s.exeat(ctx, []string{"GITHUB_TOKEN=" + token}, "provider", "create", "--name", "my-github", "--type", "github", "--from-existing")
	if err == nil {
		s.line("you: exeat provider create --name my-github --type github --from-existing")
	}
	return err
}

// create makes the sandbox at a terminal and starts the scripted agent in it.
func (s *story) create(context.Context) error {
	began := time.Now()
	h, err := s.sit("sandbox", "create", sandboxName, "--provider", "my-github", "--workdir", filepath.Join(s.dir, "agent"), "--", "./agent", "inside")
	if err != nil {
		return err
	}
	s.terminal = h
	if _, err := h.Expect(`(?i)passphrase.*: `, 10*time.Second); err != nil {
		return err
	}
	if err := h.Type(s.passphrase); err != nil {
		return err
	}
	if _, err := h.Expect(`created sandbox`, 20*time.Second); err != nil {
		return err
	}
	s.line("you: exeat sandbox create %s --provider my-github -- agent   (default policy, %s with the passphrase)", sandboxName, time.Since(began).Round(time.Millisecond))
	return nil
}

// watch repeats what the inside agent says until it waits.
func (s *story) watch(context.Context) error { return s.hear("waiting for a change") }

// hear prints the inside agent's lines up to the one that contains the words.
func (s *story) hear(until string) error {
	for {
		said, err := s.terminal.Expect(agents.Mark+` ([^\r\n]*)\r?\n`, 90*time.Second)
		if err != nil {
			return err
		}
		s.line("agent in the sandbox: %s", said[1])
		if strings.HasPrefix(said[1], "FAILED") {
			return fmt.Errorf("the agent in the sandbox gave up: %s", said[1])
		}
		if strings.Contains(said[1], until) {
			return nil
		}
	}
}

// verify looks at what arrived at GitHub, and that the secret was never inside.
func (s *story) verify(ctx context.Context) error {
	log, err := exec.CommandContext(ctx, "git", "--git-dir", filepath.Join(s.dir, "repos", repository+".git"), "log", "--format=%s", "main").Output()
	if err != nil {
		return fmt.Errorf("read the repository: %w", err)
	}
	subjects := strings.Split(strings.TrimSpace(string(log)), "\n") // newest first
	if want := []string{agents.APICommit, agents.PushCommit}; len(subjects) < 2 || !slices.Equal(subjects[:2], want) {
		return fmt.Errorf("main has %q, want %q on top", subjects, want)
	}
	if slices.ContainsFunc(s.hub.Requests(), func(r string) bool { return strings.HasSuffix(r, other+".git/git-receive-pack") }) {
		return fmt.Errorf("a push to %s reached GitHub", other)
	}
	if strings.Contains(s.terminal.Screen(), token) {
		return fmt.Errorf("the real token was seen inside the sandbox")
	}
	s.line("GitHub has hello_world.py, by push and by API; nothing was pushed to %s", other)
	return nil
}

func (s *story) clean(ctx context.Context) error {
	if code, err := s.terminal.Leave(); err != nil || code != 0 {
		return fmt.Errorf("the agent ended with %d: %w", code, err)
	}
	if _, err := s.exeat(ctx, nil, "sandbox", "delete", sandboxName); err != nil {
		return err
	}
	s.line("you: exeat sandbox delete %s", sandboxName)
	return nil
}
