package control

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"syscall"
	"time"
)

// Handler answers the calls of one sandbox. Its errors reach the client with
// code, message and hint, see AsError.
type Handler interface {
	Status(ctx context.Context) (Status, error)
	Policy(ctx context.Context) (Policy, error)
	Load(ctx context.Context, revision int) error
	Await(ctx context.Context, after int) (int, error) // until ctx ends
	Stop(ctx context.Context) error                    // agrees; the end comes after the reply
	Exec(ctx context.Context, r ExecRequest) (*Started, error)
	Paused(ctx context.Context) (string, error) // why; "" while programs run
	Pause(ctx context.Context) error            // stops every program, until Resume
	Resume(ctx context.Context) error           // of what is not paused is no error
	Rotate(ctx context.Context, provider, secret string) error
	Detach(ctx context.Context, provider string) error
}

// Started is a program that Handler.Exec has started. The server owns it from
// then on: it closes Stdin, reads both outputs, and calls Wait and Done exactly once.
type Started struct {
	Stdin  io.WriteCloser // the terminal's master, or a pipe
	Stdout Output         // the terminal's master, or a pipe
	Stderr Output         // nil with a terminal
	TTY    bool
	Resize func(rows, cols int) error
	Signal func(sig syscall.Signal) error
	Wait   func() int // exit code, 128+n for signal n
	Done   func()     // called last, when the exit code is on its way to the client; may be nil
}

// Output is a program's output: an *os.File of a pipe or terminal, in non-blocking mode.
type Output interface {
	io.ReadCloser
	SetReadDeadline(t time.Time) error
}

// acceptRest is the pause after a connection could not be taken for want of descriptors.
const acceptRest = 20 * time.Millisecond

// Server answers control calls on one socket.
type Server struct {
	Handler Handler
	Logger  *slog.Logger
}

// Serve answers until ctx ends, then waits for the calls under way; exec
// streams are hung up. The caller closes the listener's path.
func (s *Server) Serve(ctx context.Context, listener *net.UnixListener) error {
	ctx, cancel := context.WithCancel(ctx)
	var work sync.WaitGroup
	defer work.Wait()
	defer cancel()
	defer context.AfterFunc(ctx, func() { listener.Close() })()
	calls, lasting := make(room, maxCalls), make(room, maxLasting)
	for {
		conn, err := listener.AcceptUnix()
		if ctx.Err() != nil {
			return nil
		}
		if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
			time.Sleep(acceptRest) // the proxy's connections come and go; the caller waits
			continue
		}
		if err != nil {
			return err
		}
		if !calls.enter() {
			s.reply(conn, busy())
			conn.Close()
			continue
		}
		work.Go(func() {
			defer conn.Close()
			rest := s.answer(ctx, conn)
			calls.leave()
			switch {
			case rest == nil:
			case lasting.enter():
				defer lasting.leave()
				rest()
			default:
				s.reply(conn, busy())
			}
		})
	}
}

// answer takes one request and replies; of one that lasts it returns what is left to do.
func (s *Server) answer(ctx context.Context, conn *net.UnixConn) (rest func()) {
	if err := checkPeer(conn); err != nil {
		s.Logger.Warn("control connection refused", "err", err)
		return nil
	}
	conn.SetDeadline(time.Now().Add(callTimeout))
	var r request
	if err := readMessage(conn, &r); err != nil {
		if !errors.Is(err, io.EOF) {
			s.reply(conn, reply{Error: Errorf(CodeBadRequest, "%v", err)})
		}
		return nil
	}
	switch r.Call {
	case callExec:
		return func() { s.exec(ctx, conn, r) }
	case callAwait:
		return func() { s.await(ctx, conn, r) }
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	s.reply(conn, s.dispatch(ctx, r))
	return nil
}

// dispatch answers the calls that end by themselves.
func (s *Server) dispatch(ctx context.Context, r request) reply {
	switch r.Call {
	case callStatus:
		status, err := s.Handler.Status(ctx)
		return reply{Status: &status, Error: AsError(err)}
	case callPolicy:
		p, err := s.Handler.Policy(ctx)
		return reply{Policy: &p, Error: AsError(err)}
	case callLoad:
		return reply{Error: AsError(s.Handler.Load(ctx, r.Revision))}
	case callStop:
		return reply{Error: AsError(s.Handler.Stop(ctx))}
	case callPaused:
		why, err := s.Handler.Paused(ctx)
		return reply{Paused: why, Error: AsError(err)}
	case callPause:
		return reply{Error: AsError(s.Handler.Pause(ctx))}
	case callResume:
		return reply{Error: AsError(s.Handler.Resume(ctx))}
	case callRotate:
		return reply{Error: AsError(s.Handler.Rotate(ctx, r.Provider, r.Secret))}
	case callDetach:
		return reply{Error: AsError(s.Handler.Detach(ctx, r.Provider))}
	}
	return reply{Error: Errorf(CodeBadRequest, "unknown call %q", r.Call)}
}

// await waits as long as the client does: its hang-up ends the wait.
func (s *Server) await(ctx context.Context, conn *net.UnixConn, r request) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	conn.SetDeadline(time.Time{})
	go func() {
		defer cancel()
		conn.Read(make([]byte, 1))
	}()
	revision, err := s.Handler.Await(ctx, r.After)
	s.reply(conn, reply{Revision: revision, Error: AsError(err)})
}

func (s *Server) exec(ctx context.Context, conn *net.UnixConn, r request) {
	if r.Exec == nil || len(r.Exec.Argv) == 0 {
		s.reply(conn, reply{Error: Errorf(CodeBadRequest, "exec without a command")})
		return
	}
	started, err := s.Handler.Exec(ctx, *r.Exec)
	s.reply(conn, reply{Error: AsError(err)})
	if err != nil {
		return
	}
	conn.SetDeadline(time.Time{})
	newSession(conn, started).run(ctx)
	if started.Done != nil {
		started.Done()
	}
}

func (s *Server) reply(conn *net.UnixConn, answer reply) {
	conn.SetWriteDeadline(time.Now().Add(callTimeout))
	if err := writeMessage(conn, answer); err != nil {
		s.Logger.Debug("control reply", "err", err)
	}
}
