package sandbox_test

import (
	"context"
	"log/slog"
	"os"
	"testing"
	"time"

	"exeat/sandbox/control"
	"exeat/store"
)

// starting is a supervisor that has the sandbox's lock, and answers a little later.
type starting struct {
	control.Handler // nil: only what is below is called

	lock *os.File
}

func (s starting) Stop(context.Context) error           { return s.lock.Close() }
func (s starting) Detach(context.Context, string) error { return s.lock.Close() }

// Who stops a sandbox that another is starting, or takes away what it may have read, is heard as soon as its supervisor listens.
func TestTellStarting(t *testing.T) {
	boxes := newBoxes(t)
	args := frozen(t, "box", testPolicy)
	create(t, boxes, args)
	if err := boxes.Stop(t.Context(), "box"); err != nil {
		t.Fatal(err)
	}
	for what, tell := range map[string]func() error{
		"stop":   func() error { return boxes.Stop(t.Context(), "box") },
		"detach": func() error { return boxes.Detach(t.Context(), store.Sandbox{ID: args.ID, Name: "box"}, "p") },
	} {
		lock, err := control.Dir(boxes.Dirs.Sandbox(args.ID)).TryLock()
		if err != nil {
			t.Fatal(err)
		}
		told := make(chan error, 1)
		go func() { told <- tell() }()
		time.Sleep(100 * time.Millisecond) // it finds the lock taken, and nobody to ask
		end := serve(t, boxes.Dirs.Socket(args.ID), starting{lock: lock})
		select {
		case err = <-told:
		case <-time.After(5 * time.Second):
			lock.Close()
			<-told
			t.Errorf("%s: nobody was told", what)
		}
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		end()
		lock.Close() // of one who was not told
	}
}

func serve(t *testing.T, socket string, h control.Handler) (end func()) {
	t.Helper()
	listener, err := control.Listen(socket)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	server := control.Server{Handler: h, Logger: slog.New(slog.DiscardHandler)}
	go func() { served <- server.Serve(ctx, listener) }()
	return func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
		if err := control.Remove(socket); err != nil {
			t.Error(err)
		}
	}
}
