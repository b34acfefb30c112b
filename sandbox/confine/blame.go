package confine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"exeat/sandbox/reexec"
)

// blame turns a broken handshake into what broke it.
func (b *Box) blame(ctx context.Context, err error, note *os.File) error {
	if _, ok := errors.AsType[*StartError](err); ok {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return &StartError{Step: "start the sandbox", Message: fmt.Sprintf("not ready within %v", setupTime)}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) {
		return &StartError{Step: "start the sandbox", Message: "init ended: " + lastWords(b.state, note)}
	}
	return &StartError{Step: "start the sandbox", Message: err.Error()}
}

// lastWords is the first line a dead init wrote, else how it ended.
func lastWords(state *os.ProcessState, note *os.File) string {
	text, err := reexec.ReadMemory(note, 1<<20)
	line, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	if err == nil && line != "" {
		return fmt.Sprintf("%q", line)
	}
	if state == nil {
		return "unknown"
	}
	return state.String()
}
