package supervisor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"exeat/sandbox/control"
	"exeat/store"
)

// lockPatience is how long a start tries for the lock, which `sandbox list`
// holds for an instant when it looks.
const lockPatience = 250 * time.Millisecond

// start builds a sandbox and serves it. The order is the security: verified
// before compiled, compiled before built, hidden from debuggers before any
// secret is here, served before released.
func start(ctx context.Context, launch control.Launch, logger *slog.Logger) (_ *supervisor, err error) {
	s := &supervisor{
		launch: launch, logger: logger, started: time.Now(),
		dirs:     store.Dirs{State: launch.State, Config: launch.Config, Runtime: launch.Runtime},
		stopping: make(chan struct{}), broken: make(chan error, 1),
		running: map[int]control.Process{}, idle: closedChannel(),
	}
	defer func() {
		if err != nil {
			s.undo.run()
		}
	}()
	steps := []func(context.Context) error{
		s.takeLock, s.openState, s.prepare, s.openFiles, s.adoptPolicy, s.protect, s.openLimits, s.confine, s.refuseSockets, s.openPins, s.openDoors,
		s.guardLimits, s.listen, s.release, s.guardPins,
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func closedChannel() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// takeLock holds the sandbox's lock for this process's life.
func (s *supervisor) takeLock(ctx context.Context) error {
	dir, err := filepath.EvalSymlinks(s.dirs.Sandbox(s.launch.ID)) // no mount source may pass a symlink
	if err != nil {
		return fmt.Errorf("sandbox directory: %w", err)
	}
	s.dir = control.Dir(dir)
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	lock, err := s.dir.Lock(ctx)
	if errors.Is(err, control.ErrLocked) {
		return &hintError{"another supervisor runs this sandbox", "exeat sandbox list"}
	}
	if err != nil {
		return fmt.Errorf("lock of sandbox: %w", err)
	}
	s.undo.add(func() { lock.Close() })
	return nil
}

func (s *supervisor) openState(ctx context.Context) error {
	st, err := store.Open(ctx, s.dirs)
	if err != nil {
		return err
	}
	s.undo.add(func() { st.Close() })
	s.store = st
	s.sandbox, err = st.SandboxByID(ctx, s.launch.ID)
	if err != nil {
		return fmt.Errorf("read sandbox %s: %w", s.launch.ID, err)
	}
	s.undo.add(s.forget)
	return nil
}

// confine makes the namespaces and the view, and beside that what the doors need.
// Nothing runs in there yet but init.
func (s *supervisor) confine(ctx context.Context) error {
	spec, err := s.spec()
	if err != nil {
		return err
	}
	defer closeTrees(spec)
	embryo, err := s.ahead.conceive(spec.IDs)
	if err != nil {
		return err
	}
	if err := hide(); err != nil {
		embryo.Close()
		return err
	}
	keys := make(chan error, 1)
	go func() { keys <- s.openKeys() }()
	s.box, err = embryo.Start(ctx, spec)
	if err == nil {
		s.undo.add(func() { s.box.Close() })
	}
	if err := errors.Join(err, <-keys); err != nil {
		return err
	}
	for _, f := range s.box.Lacks() {
		s.warn(fmt.Sprintf("%s; lost: %s (%s)", f.Detail, f.Lost, f.Advice))
	}
	return s.enterGroup()
}

// hide closes this process to debuggers and /proc readers of the same user.
// Not before init has its uid map, which an undumpable parent could not write,
// and not after the first secret.
func hide() error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("hide from debuggers: %w", err)
	}
	return nil
}

// listen serves the control socket. Its end waits for the calls under way.
func (s *supervisor) listen(context.Context) error {
	listener, err := control.Listen(s.dirs.Socket(s.sandbox.ID))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	server := control.Server{Handler: handler{s}, Logger: s.logger}
	go func() {
		defer close(done)
		if err := server.Serve(ctx, listener); err != nil {
			s.fail("control socket", err)
		}
	}()
	s.undo.add(func() {
		cancel()
		<-done
		if err := control.Remove(s.dirs.Socket(s.sandbox.ID)); err != nil {
			s.logger.Warn("end", "err", err)
		}
	})
	return nil
}

// release lets programs start, now that everything they can reach is served.
func (s *supervisor) release(context.Context) error {
	if err := s.box.Go(); err != nil {
		return err
	}
	s.keepPace()
	s.remembering.Go(s.remember)
	return nil
}
