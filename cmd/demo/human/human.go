// Package human sits at a pseudo-terminal as a person would: it reads the screen and types.
package human

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/creack/pty"
)

// Human has a program running at a terminal of its own, 40 rows by 120 columns.
type Human struct {
	cmd    *exec.Cmd
	master *os.File

	mu     sync.Mutex
	screen strings.Builder // all that was shown
	seen   int             // how much of it was already matched
	more   chan struct{}   // closed and replaced when the screen grows or the program ends
	ended  bool
}

// Sit starts the program at a new terminal.
func Sit(cmd *exec.Cmd) (*Human, error) {
	master, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 120})
	if err != nil {
		return nil, fmt.Errorf("start %s at a terminal: %w", cmd.Path, err)
	}
	h := &Human{cmd: cmd, master: master, more: make(chan struct{})}
	go h.read()
	return h, nil
}

// read collects the screen until the terminal closes (EIO, pty(7)).
func (h *Human) read() {
	buf := make([]byte, 4096)
	for {
		n, err := h.master.Read(buf)
		h.mu.Lock()
		h.screen.Write(buf[:n])
		h.ended = err != nil
		close(h.more)
		h.more = make(chan struct{})
		h.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// Expect waits until the text after the last match matches, and returns the
// match and its groups.
func (h *Human) Expect(pattern string, limit time.Duration) ([]string, error) {
	re := regexp.MustCompile(pattern)
	deadline := time.After(limit)
	for {
		h.mu.Lock()
		text, more, ended := h.screen.String(), h.more, h.ended
		rest := text[h.seen:]
		if at := re.FindStringSubmatchIndex(rest); at != nil {
			h.seen += at[1]
			h.mu.Unlock()
			return re.FindStringSubmatch(rest), nil
		}
		h.mu.Unlock()
		if ended {
			return nil, fmt.Errorf("the program ended without showing %q; it showed:\n%s", pattern, text)
		}
		select {
		case <-more:
		case <-deadline:
			return nil, fmt.Errorf("did not see %q within %s; the screen says:\n%s", pattern, limit, text)
		}
	}
}

// Type types a line and presses Enter.
func (h *Human) Type(line string) error {
	_, err := io.WriteString(h.master, line+"\n")
	return err
}

// drain waits until the terminal is read to its end, or is kept open by something the program left behind.
func (h *Human) drain() {
	limit := time.After(5 * time.Second)
	for {
		h.mu.Lock()
		more, ended := h.more, h.ended
		h.mu.Unlock()
		if ended {
			return
		}
		select {
		case <-more:
		case <-limit:
			return
		}
	}
}

// Screen returns everything shown so far.
func (h *Human) Screen() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.screen.String()
}

// Leave waits for the program to end and returns its exit code. What the
// program wrote last is on the screen then.
func (h *Human) Leave() (int, error) {
	err := h.cmd.Wait()
	h.drain()
	defer h.master.Close()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}
