package cmd

import (
	"context"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/term"

	"exeat/sandbox/control"
)

// attach runs a program in the sandbox of that name with this process's streams and returns
// its exit code as the error. A terminal inside is a terminal of the sandbox's
// own; ours never goes in, so nothing inside can type into it (TIOCSTI).
func attach(ctx context.Context, env Env, client *control.Client, name string, request control.ExecRequest) error {
	request.TTY = env.InTTY() && env.OutTTY
	if request.TTY {
		request.Cols, request.Rows, _ = term.GetSize(int(env.In.Fd()))
		request.Env = append(terminalKind(env), request.Env...)
	}
	request.Found = foundHere(request.Argv[0])
	stream, err := client.Exec(ctx, request)
	if err != nil {
		return programError(err)
	}
	defer stream.Close()
	restore, err := raw(env, request.TTY)
	if err != nil {
		return err
	}
	defer forward(env, stream, request.TTY)()
	stop := sayPaused(ctx, env, client, name, request.TTY)
	code, err := stream.Copy(input(env), env.Out, env.Err)
	stop()
	restore()
	if err != nil {
		return &codeError{exitSandbox, err}
	}
	if code != 0 {
		return &codeError{code: code}
	}
	return nil
}

// terminalKind is all that passes of the environment of whoever runs a program:
// which terminal this is, since the one inside is shown on it.
func terminalKind(env Env) []string {
	var kind []string
	for _, name := range []string{"TERM", "COLORTERM"} {
		if value := env.Getenv(name); value != "" {
			kind = append(kind, name+"="+value)
		}
	}
	return kind
}

// foundHere is where a user's own PATH has a program; "" where it has none.
func foundHere(name string) string {
	if strings.Contains(name, "/") {
		return ""
	}
	path, err := exec.LookPath(name)
	if err != nil || !filepath.IsAbs(path) {
		return ""
	}
	return path
}

// input is standard input, or nothing where it is closed.
func input(env Env) io.Reader {
	if env.In == nil {
		return nil
	}
	return env.In
}

// raw puts our terminal out of the way: every key goes to the one inside.
func raw(env Env, tty bool) (restore func(), err error) {
	if !tty {
		return func() {}, nil
	}
	saved, err := term.MakeRaw(int(env.In.Fd()))
	if err != nil {
		return nil, err
	}
	return func() { _ = term.Restore(int(env.In.Fd()), saved) }, nil
}

// forward passes window sizes on, and without a terminal the signals that ask
// this process to end: the program inside ends, and its exit code is ours.
func forward(env Env, stream *control.Stream, tty bool) (stop func()) {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGWINCH, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	finished := make(chan struct{})
	go func() {
		for {
			select {
			case <-finished:
				return
			case sig := <-signals:
				pass(env, stream, sig.(syscall.Signal), tty)
			}
		}
	}()
	return func() { signal.Stop(signals); close(finished) }
}

func pass(env Env, stream *control.Stream, sig syscall.Signal, tty bool) {
	if sig != syscall.SIGWINCH {
		_ = stream.Signal(sig)
		return
	}
	if cols, rows, err := term.GetSize(int(env.In.Fd())); tty && err == nil {
		_ = stream.Resize(rows, cols)
	}
}
