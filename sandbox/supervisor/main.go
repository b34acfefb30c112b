package supervisor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"golang.org/x/sys/unix"

	"exeat/sandbox/control"
	"exeat/sandbox/reexec"
)

// Main is the hidden command `supervise`; args are those after its name. It
// returns the process's exit code when the sandbox has ended.
func Main(args []string) int {
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	log.SetOutput(io.Discard) // net/http writes what an origin sends unasked there, 128 KiB at a time
	conn, err := harden(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		return 1
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	signal.Ignore(syscall.SIGHUP, syscall.SIGPIPE)
	s, err := receive(ctx, conn, logger)
	if err != nil {
		logger.Error("start", "err", err)
		_ = conn.Send(control.Ready{Error: startError(err)}) // whoever started us may be gone
		conn.Close()
		return 1
	}
	if err := conn.Send(control.Ready{PID: os.Getpid(), Warnings: s.reported()}); err != nil {
		logger.Warn("report ready", "err", err)
	}
	conn.Close()
	if err := s.run(ctx); err != nil {
		logger.Error("run", "err", err)
		return 1
	}
	return 0
}

// memoryLimit is where the collector begins to work harder: what an agent can
// make the proxy hold is bounded, this only keeps garbage from adding to it.
const memoryLimit = 256 << 20

// harden makes this process fit to hold secrets, before it has any.
func harden(args []string) (*reexec.Conn, error) {
	files, _, err := reexec.Received(args)
	if err != nil {
		return nil, err
	}
	if files["launch"] == nil {
		return nil, reexec.ErrNotHandedDown
	}
	// A core file would hold the key of the authority and every secret.
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return nil, fmt.Errorf("forbid core files: %w", err)
	}
	debug.SetMemoryLimit(memoryLimit)
	unix.Umask(0o077)
	os.Clearenv() // no variable decides anything from here on
	if err := reexec.Seal(); err != nil {
		return nil, err
	}
	return reexec.NewConn(files["launch"])
}

// receive takes the launch message and builds what it asks for.
func receive(ctx context.Context, conn *reexec.Conn, logger *slog.Logger) (*supervisor, error) {
	var launch control.Launch
	files, err := conn.Receive(&launch)
	if err != nil {
		return nil, fmt.Errorf("launch message: %w", err)
	}
	if err := adoptLog(files); err != nil {
		return nil, err
	}
	return start(ctx, launch, logger)
}

// startError gives a failed start its code, unless it has a better one.
func startError(err error) *control.Error {
	e := control.AsError(err)
	if e.Code == control.CodeInternal {
		e.Code = control.CodeStart
	}
	return e
}

// adoptLog makes the sandbox's log, which comes with the launch message, this
// process's standard error: what it says from here on outlives who started it.
func adoptLog(files []*os.File) error {
	defer reexec.CloseAll(files)
	if len(files) != 1 {
		return errors.New("launch message: want one file, the log")
	}
	if err := unix.Dup3(int(files[0].Fd()), int(os.Stderr.Fd()), 0); err != nil {
		return fmt.Errorf("write to the log: %w", err)
	}
	return nil
}
