package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"exeat/store"
)

// Env is everything a command may know of the outside: streams, environment,
// directories and the clock. Nothing below this package reads any of them.
type Env struct {
	In       *os.File
	Out, Err io.Writer
	OutTTY   bool
	ErrTTY   bool
	Getenv   func(string) string
	Environ  []string
	Now      func() time.Time
	Home     string
	Dirs     store.Dirs
	DirsErr  error // why there is no home to keep state in; reported on first use
	Umask    int   // of the caller, for files that are put into a work tree
}

// System returns the environment of this process.
func System() Env {
	umask := unix.Umask(0o077) // before the first file: state is nobody else's to read
	home, err := ownHome(os.Getenv, os.Geteuid())
	return Env{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		OutTTY: term.IsTerminal(int(os.Stdout.Fd())),
		ErrTTY: term.IsTerminal(int(os.Stderr.Fd())),
		Getenv: os.Getenv, Environ: os.Environ(), Now: time.Now,
		Home: home, Dirs: systemDirs(os.Getenv, home), DirsErr: err, Umask: umask,
	}
}

// systemDirs follows the XDG base directory specification.
func systemDirs(getenv func(string) string, home string) store.Dirs {
	state := xdg(getenv, "XDG_STATE_HOME", filepath.Join(home, ".local", "state"))
	config := xdg(getenv, "XDG_CONFIG_HOME", filepath.Join(home, ".config"))
	return store.Dirs{
		State:   filepath.Join(state, "exeat"),
		Config:  filepath.Join(config, "exeat"),
		Runtime: filepath.Join(xdg(getenv, "XDG_RUNTIME_DIR", state), "exeat"),
	}
}

// xdg returns the directory a variable names; relative ones are ignored, as the specification asks.
func xdg(getenv func(string) string, name, otherwise string) string {
	if dir := getenv(name); filepath.IsAbs(dir) {
		return dir
	}
	return otherwise
}

// ownHome returns $HOME if it belongs to the effective user. Under `sudo`
// without -H it does not, and state would end up where the user cannot delete it.
func ownHome(getenv func(string) string, euid int) (string, error) {
	home := getenv("HOME")
	if home == "" {
		if u, err := user.LookupId(strconv.Itoa(euid)); err == nil {
			home = u.HomeDir
		}
	}
	if !filepath.IsAbs(home) {
		return "", &hintError{errors.New("no home directory: $HOME is not set"), "HOME=/path/to/home exeat ..."}
	}
	var st unix.Stat_t
	if err := unix.Stat(home, &st); err != nil {
		return "", &hintError{fmt.Errorf("home directory %s: %w", home, err), "HOME=/path/to/home exeat ..."}
	}
	if int(st.Uid) != euid {
		return "", &hintError{fmt.Errorf("home directory %s belongs to uid %d, not to you (uid %d)", home, st.Uid, euid), "sudo -H exeat ..."}
	}
	return home, nil
}

// Store opens the state, creating its directories on first use. The caller closes it.
func (e Env) Store(ctx context.Context) (*store.Store, error) {
	if e.DirsErr != nil {
		return nil, e.DirsErr
	}
	if err := store.Prepare(e.Dirs); err != nil {
		return nil, err
	}
	return store.Open(ctx, e.Dirs)
}

// InTTY says whether standard input is a terminal.
func (e Env) InTTY() bool { return e.In != nil && term.IsTerminal(int(e.In.Fd())) }
