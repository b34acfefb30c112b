package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"exeat/cmd/ask"
	"exeat/proxy/credential"
	"exeat/store"
)

// maxSecret bounds what is read from a source; credential.NewValue has its own bound.
const maxSecret = 1 << 16

// commandPatience is how long a command may take, which may ask a person to unlock something.
const commandPatience = 2 * time.Minute

// fetchSecret reads a provider's secret from its source. A login that is found where a variable was
// meant becomes the source.
func fetchSecret(ctx context.Context, env Env, p *store.Provider) (credential.Value, error) {
	if err := hideMemory(); err != nil {
		return credential.Value{}, err
	}
	switch p.Source.Kind {
	case store.SourceInput:
		return inputSecret(ctx, env, p.Name)
	case store.SourceFile:
		return fileSecret(p.Source.Path)
	case store.SourceCommand:
		return commandSecret(ctx, env, p.Source.Command)
	case store.SourceLogin:
		return loginSecret(p)
	}
	return variableSecret(env, p)
}

// hideMemory keeps the secret out of core files and from other processes of this user (prctl(2)).
func hideMemory() error {
	err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
	if err = errors.Join(err, unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})); err != nil {
		return fmt.Errorf("protect this process from being read: %w", err)
	}
	return nil
}

func variableSecret(env Env, p *store.Provider) (credential.Value, error) {
	wanted := p.Variables
	if p.Source.Variable != "" {
		wanted = []string{p.Source.Variable}
	}
	for _, name := range wanted {
		if text := env.Getenv(name); text != "" {
			return credential.NewValue(text)
		}
	}
	profile, err := credential.ProfileOf(p.Type)
	if err != nil {
		return credential.Value{}, err
	}
	if p.Source.Variable != "" || profile.Login == "" {
		return credential.Value{}, &hintError{
			fmt.Errorf("no credential: %s is not set", strings.Join(wanted, " or ")),
			"export " + wanted[0] + "=...   (put the credential there, and run the command again)",
		}
	}
	p.Source = store.Source{Kind: store.SourceLogin, Path: filepath.Join(env.Home, profile.Login)}
	return loginSecret(p)
}

// errNoInput means that standard input has no secret.
var errNoInput = errors.New("standard input is empty: there is no secret in it")

// inputSecret asks at the terminal, or reads a pipe.
func inputSecret(ctx context.Context, env Env, name string) (credential.Value, error) {
	if !env.InTTY() {
		text, err := io.ReadAll(io.LimitReader(env.In, maxSecret))
		if err != nil {
			return credential.Value{}, fmt.Errorf("read credential: %w", err)
		}
		if len(bytes.TrimSpace(text)) == 0 {
			return credential.Value{}, errNoInput
		}
		return credential.NewValue(strings.TrimSpace(string(text)))
	}
	tty, err := ask.Open(ctx, questionLimit)
	if err != nil {
		return credential.Value{}, err
	}
	defer tty.Close()
	text, err := tty.Secret("Credential for " + name + " (not shown): ")
	if err != nil {
		return credential.Value{}, err
	}
	return credential.NewValue(text)
}

func fileSecret(path string) (credential.Value, error) {
	text, err := readSmall(path)
	if err != nil {
		return credential.Value{}, err
	}
	return valueOf(path, strings.TrimSpace(string(text)))
}

// readSmall reads a regular file: a pipe would have the secret once, and never again.
func readSmall(path string) ([]byte, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("credential file %s: %w", path, reason(err))
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() || info.Size() > maxSecret {
		return nil, fmt.Errorf("credential file %s: not a regular file of at most %d bytes", path, maxSecret)
	}
	return io.ReadAll(io.LimitReader(file, maxSecret))
}

// valueOf is NewValue with where the value came from in the error; never the value.
func valueOf(from, text string) (credential.Value, error) {
	value, err := credential.NewValue(text)
	if err != nil {
		return value, fmt.Errorf("%s: %w", from, err)
	}
	return value, nil
}

// commandSecret runs a command without a shell. What it says of itself goes to the terminal, what it
// prints nowhere.
func commandSecret(ctx context.Context, env Env, command []string) (credential.Value, error) {
	ctx, cancel := context.WithTimeout(ctx, commandPatience)
	defer cancel()
	c := exec.CommandContext(ctx, command[0], command[1:]...)
	c.Stdin, c.Stderr, c.WaitDelay = env.In, env.Err, time.Second
	text, err := c.Output()
	switch {
	case ctx.Err() != nil:
		return credential.Value{}, fmt.Errorf("command %s: gave no credential within %s", command[0], commandPatience)
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return credential.Value{}, &hintError{
			fmt.Errorf("command %s: there is no such program", command[0]),
			"there is no shell: aliases, pipes and $VARIABLES have no meaning there",
		}
	case err != nil:
		return credential.Value{}, &hintError{
			fmt.Errorf("command %s: %w", command[0], err),
			"it has to print the credential and succeed; try it yourself: " + strings.Join(command, " "),
		}
	}
	value, err := valueOf("what "+command[0]+" prints", strings.TrimSpace(string(text)))
	if err == nil && slices.ContainsFunc(command, func(word string) bool { return strings.Contains(word, value.Reveal()) }) {
		return credential.Value{}, errors.New("the command contains the credential itself, and would be remembered with it")
	}
	return value, err
}
