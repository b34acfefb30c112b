package reexec

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// noteMax bounds what a child may say about itself, in bytes.
const noteMax = 64 << 10

// ErrDied says that a child ended before it was ready.
var ErrDied = errors.New("ended before it was ready")

// Failure is why a child did not come up, in its own words.
type Failure struct {
	Message string `json:"message"`
	Advice  string `json:"hint,omitempty"`
}

// Error says what went wrong in the child.
func (f *Failure) Error() string { return f.Message }

// Hint says what to do about it; it may be empty.
func (f *Failure) Hint() string { return f.Advice }

// Ready is the parent's end of a handshake: the child says once that it is up,
// or why not.
type Ready struct{ pipe *os.File }

// NewReady makes a handshake; the file is for the child, under any name. The
// parent closes its copy after the start, so that a dead child reads as EOF.
func NewReady() (*Ready, *os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	return &Ready{pipe: r}, w, nil
}

// Wait waits until the child is ready. The error is a *[Failure], [ErrDied], or
// that of the context. The handshake is used up afterwards.
func (r *Ready) Wait(ctx context.Context) error {
	defer r.pipe.Close()
	stop := context.AfterFunc(ctx, func() { r.pipe.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	note, err := io.ReadAll(io.LimitReader(r.pipe, noteMax))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return err
	}
	if len(note) == 0 {
		return ErrDied
	}
	var f Failure
	if err := json.Unmarshal(note, &f); err != nil {
		return fmt.Errorf("%w: %v", ErrMalformed, err)
	}
	if f.Message != "" {
		return &f
	}
	return nil
}

// Report is the child's half of the handshake: nil says that it is ready. It
// closes the file.
func Report(w *os.File, problem error) error {
	defer w.Close()
	var f Failure
	if problem != nil {
		f.Message = problem.Error()
		if hinted, ok := errors.AsType[interface {
			error
			Hint() string
		}](problem); ok {
			f.Advice = hinted.Hint()
		}
	}
	return json.NewEncoder(w).Encode(f)
}
