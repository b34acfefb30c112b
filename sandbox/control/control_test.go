package control_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"exeat/sandbox/control"
)

// handler runs real programs on the host; the rest of a supervisor is data.
type handler struct {
	mu       sync.Mutex
	revision int
	changed  chan struct{}
	signals  chan syscall.Signal
	sizes    chan [2]int
}

func newHandler() *handler {
	return &handler{revision: 1, changed: make(chan struct{}), signals: make(chan syscall.Signal, 8), sizes: make(chan [2]int, 8)}
}

func (h *handler) Status(context.Context) (control.Status, error) {
	return control.Status{ID: "s1", Name: "one", Revision: h.current()}, nil
}

func (h *handler) Policy(context.Context) (control.Policy, error) {
	return control.Policy{Revision: h.current(), Text: "version: 1\n", Statement: []byte("{}")}, nil
}

func (h *handler) current() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.revision
}

func (h *handler) Load(_ context.Context, revision int) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if revision != h.revision+1 {
		return control.Errorf(control.CodeRefused, "revision %d is not the next one", revision).WithHint("exeat policy list one")
	}
	h.revision = revision
	close(h.changed)
	h.changed = make(chan struct{})
	return nil
}

func (h *handler) Await(ctx context.Context, after int) (int, error) {
	for {
		h.mu.Lock()
		revision, changed := h.revision, h.changed
		h.mu.Unlock()
		if revision > after {
			return revision, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

func (h *handler) Stop(context.Context) error { return errors.New("plain words") }

func (h *handler) Pause(context.Context) error {
	return control.Errorf(control.CodePaused, "paused").WithHint("exeat sandbox resume one")
}

func (h *handler) Paused(context.Context) (string, error) { return "tired", nil }

func (h *handler) Resume(context.Context) error { return nil }

func (h *handler) Rotate(_ context.Context, provider, secret string) error {
	if provider != "mine" || secret != "s3cret" {
		return control.Errorf(control.CodeNotFound, "provider %q is not attached", provider)
	}
	return nil
}

func (h *handler) Detach(_ context.Context, provider string) error {
	return h.Rotate(context.Background(), provider, "s3cret")
}

func (h *handler) Exec(_ context.Context, r control.ExecRequest) (*control.Started, error) {
	if r.Argv[0] == "missing" {
		return nil, control.Errorf(control.CodeNoProgram, "no program missing in the sandbox")
	}
	c := exec.Command(r.Argv[0], r.Argv[1:]...)
	in, inW, _ := os.Pipe()
	outR, out, _ := os.Pipe()
	errR, errW, _ := os.Pipe()
	c.Stdin, c.Stdout, c.Stderr = in, out, errW
	if err := c.Start(); err != nil {
		return nil, err
	}
	in.Close()
	out.Close()
	errW.Close()
	return &control.Started{
		Stdin: inW, Stdout: outR, Stderr: errR,
		Resize: func(rows, cols int) error { h.sizes <- [2]int{rows, cols}; return nil },
		Signal: func(sig syscall.Signal) error { h.signals <- sig; return c.Process.Signal(sig) },
		Wait: func() int {
			c.Wait()
			if ws := c.ProcessState.Sys().(syscall.WaitStatus); ws.Signaled() {
				return 128 + int(ws.Signal())
			}
			return c.ProcessState.ExitCode()
		},
	}, nil
}

// serve starts a server and returns its handler and the path of its socket.
func serve(t *testing.T) (*handler, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s.sock")
	listener, err := control.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	h := newHandler()
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		server := control.Server{Handler: h, Logger: slog.New(slog.DiscardHandler)}
		if err := server.Serve(ctx, listener); err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	t.Cleanup(func() { cancel(); done.Wait() })
	return h, path
}

func dial(t *testing.T, path string) *control.Client {
	t.Helper()
	c, err := control.Dial(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCalls(t *testing.T) {
	_, path := serve(t)
	c := dial(t, path)
	status, err := c.Status(t.Context())
	if err != nil || status.ID != "s1" || status.Revision != 1 {
		t.Errorf("got status %+v, %v", status, err)
	}
	revision, text, statement, err := c.Policy(t.Context())
	if err != nil || revision != 1 || string(text) != "version: 1\n" || string(statement) != "{}" {
		t.Errorf("got policy %d %q %q, %v", revision, text, statement, err)
	}
	if err := c.Load(t.Context(), 2); err != nil {
		t.Errorf("load: %v", err)
	}
}

// An error keeps its code, message and hint across the socket.
func TestErrorCrosses(t *testing.T) {
	_, path := serve(t)
	c := dial(t, path)
	var got *control.Error
	if err := c.Load(t.Context(), 9); !errors.As(err, &got) {
		t.Fatalf("got %v, want *control.Error", err)
	}
	want := &control.Error{Code: control.CodeRefused, Message: "revision 9 is not the next one", HintOf: "exeat policy list one"}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Error(diff)
	}
	if err := c.Pause(t.Context()); !errors.As(err, &got) || got.Code != control.CodePaused || got.Hint() != "exeat sandbox resume one" {
		t.Errorf("pause: got %v", err)
	}
	if why, err := c.Paused(t.Context()); why != "tired" || err != nil {
		t.Errorf("paused: got %q, %v", why, err)
	}
	for provider, want := range map[string]string{"mine": "", "theirs": `provider "theirs" is not attached`} {
		for _, err := range []error{c.Rotate(t.Context(), provider, "s3cret"), c.Detach(t.Context(), provider)} {
			if said := fmt.Sprint(err); err != nil != (want != "") || err != nil && said != want {
				t.Errorf("%s: got %v, want %q", provider, err, want)
			}
		}
	}
	if err := c.Resume(t.Context()); err != nil {
		t.Errorf("resume: got %v", err)
	}
	if err := c.Stop(t.Context()); !errors.As(err, &got) || got.Code != control.CodeInternal || got.Message != "plain words" {
		t.Errorf("got %#v", err)
	}
}

func TestAwaitReturnsOnChange(t *testing.T) {
	h, path := serve(t)
	c := dial(t, path)
	got := make(chan int, 1)
	go func() {
		revision, _ := c.Await(t.Context(), 1)
		got <- revision
	}()
	if err := h.Load(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if revision := <-got; revision != 2 {
		t.Errorf("got revision %d, want 2", revision)
	}
}

func TestAwaitEndsWithContext(t *testing.T) {
	_, path := serve(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := dial(t, path).Await(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the context's error", err)
	}
}

func TestNotRunning(t *testing.T) {
	dir := t.TempDir()
	for name, path := range map[string]string{
		"no directory": filepath.Join(dir, "none", "s.sock"),
		"no socket":    filepath.Join(dir, "s.sock"),
		"nobody":       abandoned(t, filepath.Join(dir, "old.sock")),
	} {
		if _, err := control.Dial(t.Context(), path); !errors.Is(err, control.ErrNotRunning) {
			t.Errorf("%s: got %v, want ErrNotRunning", name, err)
		}
	}
}

// abandoned leaves a socket nobody listens on, as a killed supervisor does.
func abandoned(t *testing.T, path string) string {
	t.Helper()
	l, err := control.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	return path
}

func TestListen(t *testing.T) {
	dir := t.TempDir()
	stale := abandoned(t, filepath.Join(dir, "s.sock"))
	l, err := control.Listen(stale)
	if err != nil {
		t.Fatalf("stale socket not replaced: %v", err)
	}
	defer l.Close()
	info, err := os.Stat(stale)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got mode %v, %v, want 0600", info.Mode(), err)
	}
	file := filepath.Join(dir, "file")
	os.WriteFile(file, []byte("precious"), 0o600)
	if _, err := control.Listen(file); err == nil {
		t.Error("a regular file was replaced")
	}
	long := filepath.Join(dir, strings.Repeat("d", 120))
	os.Mkdir(long, 0o700)
	l2, err := control.Listen(filepath.Join(long, "s.sock"))
	if err != nil {
		t.Fatalf("path beyond sun_path: %v", err)
	}
	l2.Close()
}

// What a hostile or broken client sends is answered or dropped; the server serves on.
func TestHostileBytes(t *testing.T) {
	_, path := serve(t)
	for name, raw := range map[string]string{
		"four gigabytes":   "J\xff\xff\xff\xff",
		"not a message":    "i\x00\x00\x00\x01x",
		"not json":         "J\x00\x00\x00\x01{",
		"unknown call":     "J\x00\x00\x00\x0f{\"call\":\"shell\"}"[:5+15],
		"half a header":    "J\x00",
		"json of no shape": "J\x00\x00\x00\x02[]",
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.Write([]byte(raw))
			conn.(*net.UnixConn).CloseWrite()
			answer, _ := io.ReadAll(conn)
			if len(answer) > 0 && !bytes.Contains(answer, []byte("bad_request")) {
				t.Errorf("got %q", answer)
			}
		})
	}
	if _, err := dial(t, path).Status(t.Context()); err != nil {
		t.Errorf("the server no longer answers: %v", err)
	}
}
