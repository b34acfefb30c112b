package ask

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// Errors of this package.
var (
	ErrNoTerminal = errors.New("no terminal: this question is answered by a human at /dev/tty")
	ErrTimeout    = errors.New("no answer in time")
	ErrCancelled  = errors.New("cancelled: nothing was changed")
)

// Terminal is the controlling terminal, held exclusively until Close.
type Terminal struct {
	tty   *os.File
	saved *term.State
	limit time.Duration
	ended *os.File    // its other end closes with the context, which wakes a question
	quiet func() bool // the context no longer ends a question
}

// Open takes the controlling terminal for questions that each wait at most
// limit and no longer than ctx, which Ctrl-C ends. It sets TIOCEXCL (ioctl_tty(2)) so that nobody opens the terminal
// while a secret is typed, refuses one that another session already has open
// (such a process could read the passphrase in our place), and drops what was
// typed ahead: input sent before the question was shown is not an answer to it.
func Open(ctx context.Context, limit time.Duration) (*Terminal, error) {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, ErrNoTerminal
	}
	ended, end, err := os.Pipe()
	if err != nil {
		tty.Close()
		return nil, fmt.Errorf("make pipe for Ctrl-C: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { end.Close() })
	t := &Terminal{tty: tty, limit: limit, ended: ended, quiet: func() bool { return stop() && end.Close() == nil }}
	if err := t.take(ctx); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

func (t *Terminal) take(ctx context.Context) error {
	saved, err := term.GetState(t.fd())
	if err != nil {
		return fmt.Errorf("read terminal settings: %w", err)
	}
	t.saved = saved
	if err := unix.IoctlSetInt(t.fd(), unix.TIOCEXCL, 0); err != nil {
		return fmt.Errorf("take the terminal exclusively: %w", err)
	}
	if err := refuseHolders(ctx, t.fd()); err != nil {
		return err
	}
	return unix.IoctlSetInt(t.fd(), unix.TCFLSH, unix.TCIFLUSH)
}

func (t *Terminal) fd() int { return int(t.tty.Fd()) }

// Close gives the terminal back as it was.
func (t *Terminal) Close() {
	if t.saved != nil {
		_ = term.Restore(t.fd(), t.saved)
	}
	_ = unix.IoctlSetInt(t.fd(), unix.TIOCNXCL, 0)
	t.quiet()
	_ = t.ended.Close()
	_ = t.tty.Close()
}

// Show prints text on the terminal.
func (t *Terminal) Show(text string) { fmt.Fprint(t.tty, text) }

// Line asks for one visible line.
func (t *Terminal) Line(question string) (string, error) { return t.read(question, true) }

// Secret asks for one line that is not echoed.
func (t *Terminal) Secret(question string) (string, error) { return t.read(question, false) }

// read asks and waits in canonical mode, so that the line editing the user knows works.
func (t *Terminal) read(question string, echo bool) (string, error) {
	if err := t.echo(echo); err != nil {
		return "", err
	}
	t.Show(question)
	line, err := t.line()
	if !echo || err != nil { // the cursor still stands behind the question
		t.Show("\n")
	}
	return strings.TrimSpace(line), err
}

// line reads up to the newline within the limit.
func (t *Terminal) line() (string, error) {
	deadline := time.Now().Add(t.limit)
	var got []byte
	for {
		left := time.Until(deadline).Milliseconds()
		if left <= 0 {
			return "", ErrTimeout
		}
		ready := []unix.PollFd{{Fd: int32(t.fd()), Events: unix.POLLIN}, {Fd: int32(t.ended.Fd())}}
		n, err := unix.Poll(ready, int(left))
		if errors.Is(err, unix.EINTR) || n == 0 {
			continue
		}
		if ready[1].Revents != 0 {
			return "", ErrCancelled
		}
		buf := make([]byte, 1024)
		n, err = unix.Read(t.fd(), buf)
		if n <= 0 || err != nil {
			return "", ErrCancelled
		}
		got = append(got, buf[:n]...)
		if got[len(got)-1] == '\n' {
			return string(got), nil
		}
	}
}

// echo sets canonical mode with or without echo.
func (t *Terminal) echo(on bool) error {
	mode, err := unix.IoctlGetTermios(t.fd(), unix.TCGETS)
	if err != nil {
		return fmt.Errorf("read terminal settings: %w", err)
	}
	mode.Lflag |= unix.ICANON | unix.ISIG | unix.ECHO
	if !on {
		mode.Lflag &^= unix.ECHO
	}
	return unix.IoctlSetTermios(t.fd(), unix.TCSETS, mode)
}
