package sandbox_test

import (
	"context"
	"log/slog"
	"os"
	"testing"
	"time"

	"exeat/sandbox/control"
)

// starting is a supervisor that has the sandbox's lock, and answers a little later.
type starting struct {
	control.Handler // nil: only what is below is called

	lock *os.File
}

func (s starting) Stop(context.Context) error { return s.lock.Close() }

// Who stops a sandbox that another is starting is heard as soon as its supervisor listens.
func TestStopDuringStart(t *testing.T) {
	boxes := newBoxes(t)
	args := frozen(t, "box", testPolicy)
	create(t, boxes, args)
	if err := boxes.Stop(t.Context(), "box"); err != nil {
		t.Fatal(err)
	}
	lock, err := control.Dir(boxes.Dirs.Sandbox(args.ID)).TryLock()
	if err != nil {
		t.Fatal(err)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- boxes.Stop(t.Context(), "box") }()
	time.Sleep(100 * time.Millisecond) // it finds the lock taken, and nobody to ask
	socket := boxes.Dirs.Socket(args.ID)
	listener, err := control.Listen(socket)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	server := control.Server{Handler: starting{lock: lock}, Logger: slog.New(slog.DiscardHandler)}
	go func() { served <- server.Serve(ctx, listener) }()
	select {
	case err = <-stopped:
	case <-time.After(5 * time.Second):
		t.Error("nobody was asked to stop")
		lock.Close()
		err = <-stopped
	}
	cancel()
	if err := <-served; err != nil {
		t.Error(err)
	}
	if err != nil {
		t.Error(err)
	}
	if err := control.Remove(socket); err != nil {
		t.Error(err)
	}
}
