package control_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"

	"exeat/sandbox/control"
)

func TestExec(t *testing.T) {
	tests := []struct {
		name, in, out, errOut string
		argv                  []string
		exit                  int
	}{
		{name: "output and code", argv: []string{"sh", "-c", "echo out; echo err >&2; exit 42"}, out: "out\n", errOut: "err\n", exit: 42},
		{name: "input to its end", argv: []string{"wc", "-c"}, in: strings.Repeat("x", 3<<20), out: "3145728\n"},
		{name: "input nobody reads", argv: []string{"true"}, in: strings.Repeat("x", 3<<20)},
		{name: "signal", argv: []string{"sh", "-c", "kill -TERM $$"}, exit: 128 + 15},
		{name: "a daemon holds the pipes", argv: []string{"sh", "-c", "sleep 5 & echo done"}, out: "done\n"},
		{name: "large output", argv: []string{"head", "-c", "2000000", "/dev/zero"}, out: strings.Repeat("\x00", 2000000)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, path := serve(t)
			stream, err := dial(t, path).Exec(t.Context(), control.ExecRequest{Argv: tt.argv})
			if err != nil {
				t.Fatal(err)
			}
			var out, errOut bytes.Buffer
			exit, err := stream.Copy(strings.NewReader(tt.in), &out, &errOut)
			if err != nil || exit != tt.exit {
				t.Errorf("got exit %d, %v, want %d", exit, err, tt.exit)
			}
			if out.String() != tt.out || errOut.String() != tt.errOut {
				t.Errorf("got %d bytes and %q, want %d and %q", out.Len(), errOut.String(), len(tt.out), tt.errOut)
			}
		})
	}
}

func TestExecRefused(t *testing.T) {
	_, path := serve(t)
	var got *control.Error
	_, err := dial(t, path).Exec(t.Context(), control.ExecRequest{Argv: []string{"missing"}})
	if !errors.As(err, &got) || got.Code != control.CodeNoProgram {
		t.Errorf("got %v", err)
	}
	if _, err = dial(t, path).Exec(t.Context(), control.ExecRequest{}); !errors.As(err, &got) || got.Code != control.CodeBadRequest {
		t.Errorf("got %v", err)
	}
}

// Input that the program does not read must not hold up a resize or a signal.
func TestSignalPassesBlockedInput(t *testing.T) {
	h, path := serve(t)
	stream, err := dial(t, path).Exec(t.Context(), control.ExecRequest{Argv: []string{"sleep", "60"}})
	if err != nil {
		t.Fatal(err)
	}
	exit := make(chan int, 1)
	go func() {
		code, _ := stream.Copy(endless{}, io.Discard, io.Discard)
		exit <- code
	}()
	stream.Resize(40, 120)
	if got, want := <-h.sizes, [2]int{40, 120}; got != want {
		t.Errorf("got size %v, want %v", got, want)
	}
	stream.Signal(syscall.SIGTERM)
	if got := <-exit; got != 128+15 {
		t.Errorf("got exit %d, want 143", got)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestVanishedClientHangsUp(t *testing.T) {
	h, path := serve(t)
	stream, err := dial(t, path).Exec(t.Context(), control.ExecRequest{Argv: []string{"sleep", "60"}})
	if err != nil {
		t.Fatal(err)
	}
	stream.Close()
	if got := <-h.signals; got != syscall.SIGHUP {
		t.Errorf("got %v, want SIGHUP", got)
	}
}
