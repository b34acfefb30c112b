package repo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Git runs the git of the host in one repository.
type Git struct {
	dir   string
	env   []string
	first []string // arguments before the command
	limit bool     // what it reads was made in a sandbox
}

// limits bound a git that reads what a sandbox made: a delta of a few bytes can ask
// for gigabytes of memory, and a small pack can unpack to a full disk. They are set
// before git runs: 3 GiB of memory (mapped packs do not count), 4 GiB for a file, ten
// minutes of processor. Where a hard limit is lower, it is in force already.
const limits = `ulimit -c 0; ulimit -d 3145728; ulimit -f 8388608; ulimit -t 600; exec git "$@"`

const (
	maxWords = 8 << 10     // bytes of its standard error that are kept
	endDelay = time.Second // for its pipes to close after it ended
)

// HostGit works in a repository of the user, with his environment and
// configuration. Variables that would lead git elsewhere are dropped; hooks and
// fsmonitor do not run, and nobody is asked for a password.
func HostGit(dir string, environ []string) Git {
	env := []string{}
	for _, entry := range environ {
		if !strings.HasPrefix(entry, "GIT_") || strings.HasPrefix(entry, "GIT_CONFIG_") {
			env = append(env, entry)
		}
	}
	env = append(env, "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0", "GIT_LITERAL_PATHSPECS=1")
	return Git{dir: dir, env: env, first: []string{"-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=false"}}
}

// scratchGit works in a repository of ours that holds what a sandbox made, with
// no configuration but that repository's own.
func scratchGit(dir string) Git {
	return Git{dir: dir, limit: true, env: []string{
		"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/nonexistent", "LC_ALL=C", "GIT_DIR=" + dir, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_CONFIG_SYSTEM=/dev/null", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_ATTR_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0",
		"GIT_NO_REPLACE_OBJECTS=1", "GIT_NO_LAZY_FETCH=1", "GIT_LITERAL_PATHSPECS=1", "GIT_PROTOCOL_FROM_USER=0", "GIT_ALLOW_PROTOCOL=none",
	}}
}

// Failure is a git that ended with an error.
type Failure struct {
	Command string // its first word
	Words   string // what it said, made visible
	Code    int
	err     error
}

func (e *Failure) Error() string {
	if line, _, _ := strings.Cut(e.Words, "\n"); line != "" {
		return "git " + e.Command + ": " + strings.TrimPrefix(strings.TrimPrefix(line, "fatal: "), "error: ")
	}
	return fmt.Sprintf("git %s: %v", e.Command, e.err)
}

func (e *Failure) Unwrap() error { return e.err }

// Run runs one command. The error is a [*Failure] when git was there to fail.
func (g Git) Run(ctx context.Context, in io.Reader, out io.Writer, args ...string) error {
	argv := g.command(args)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	words := &head{}
	cmd.Dir, cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = g.dir, g.env, in, out, words, endDelay
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that what it started ends with it
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	err := cmd.Start()
	if errors.Is(err, exec.ErrNotFound) {
		return &Error{Text: "git is not installed on this machine", Way: "apt-get install git", Err: err}
	}
	if err == nil {
		err = cmd.Wait()
	}
	if ctx.Err() != nil {
		return fmt.Errorf("git %s: %w", args[0], ctx.Err())
	}
	if err != nil {
		return &Failure{Command: args[0], Words: words.lines(), Code: cmd.ProcessState.ExitCode(), err: err}
	}
	return nil
}

// command is the program with its arguments.
func (g Git) command(args []string) []string {
	git := []string{"git"}
	if g.limit {
		git = []string{"/bin/sh", "-c", limits, "git"}
	}
	return slices.Concat(git, g.first, args)
}

// Output runs a command and returns what it prints, without the last line end.
func (g Git) Output(ctx context.Context, args ...string) (string, error) {
	var out bytes.Buffer
	err := g.Run(ctx, nil, &out, args...)
	return strings.TrimSuffix(out.String(), "\n"), err
}

// Dir is where it works.
func (g Git) Dir() string { return g.dir }

// head keeps the beginning of what is written to it.
type head struct{ buf bytes.Buffer }

func (h *head) Write(p []byte) (int, error) {
	h.buf.Write(p[:min(len(p), maxWords-h.buf.Len())])
	return len(p), nil
}

// lines are the words, each line made visible.
func (h *head) lines() string {
	lines := strings.Split(strings.TrimRight(h.buf.String(), "\n"), "\n")
	for i := range lines {
		lines[i] = Visible(lines[i])
	}
	return strings.Join(lines, "\n")
}
