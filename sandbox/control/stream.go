package control

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"
	"time"
)

// Stream is a program running in the sandbox, seen from the client. Closing it
// before the program ends hangs the program's session up.
type Stream struct {
	conn   *net.UnixConn
	credit chan struct{} // one token per input frame that may be sent
	done   chan struct{} // closed when no more frames will come

	mu sync.Mutex // held for one frame written to conn
}

// Exec starts a program in the sandbox. A program that cannot be started is an
// *Error that says whether it is missing, hidden or not executable.
func (c *Client) Exec(ctx context.Context, r ExecRequest) (*Stream, error) {
	conn, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	conn.SetDeadline(time.Now().Add(callTimeout))
	if _, err := ask(conn, request{Call: callExec, Exec: &r}); err != nil {
		conn.Close()
		return nil, err
	}
	conn.SetDeadline(time.Time{})
	return newStream(conn), nil
}

func newStream(conn *net.UnixConn) *Stream {
	s := &Stream{conn: conn, credit: make(chan struct{}, inputWindow), done: make(chan struct{})}
	for range inputWindow {
		s.credit <- struct{}{}
	}
	return s
}

// Copy carries input and output until the program ends, and returns its exit
// code (128+n for signal n). It does not wait for a Read of stdin that is still
// blocked then; with stdin nil the program's input ends at once. With a
// terminal all output is on stdout.
func (s *Stream) Copy(stdin io.Reader, stdout, stderr io.Writer) (exit int, err error) {
	defer s.Close()
	defer close(s.done)
	if stdin == nil {
		s.CloseStdin()
	} else {
		go s.sendInput(stdin)
	}
	for {
		kind, payload, err := readFrame(s.conn, maxChunk)
		if err != nil {
			return 0, errors.New("the sandbox ended before its program did")
		}
		exit, ended, err := s.take(kind, payload, stdout, stderr)
		if ended || err != nil {
			return exit, err
		}
	}
}

// take handles one frame from the supervisor.
func (s *Stream) take(kind byte, payload []byte, stdout, stderr io.Writer) (exit int, ended bool, err error) {
	switch kind {
	case frameOutput:
		_, err = stdout.Write(payload)
	case frameErrOut:
		_, err = stderr.Write(payload)
	case frameTaken:
		select {
		case s.credit <- struct{}{}:
		default:
			err = errors.New("supervisor took more input than it was sent")
		}
	case frameExit:
		if len(payload) != 4 {
			return 0, true, errors.New("supervisor sent a malformed exit code")
		}
		return int(int32(binary.BigEndian.Uint32(payload))), true, nil
	default:
		err = fmt.Errorf("supervisor sent a frame of unknown type %q", kind)
	}
	return 0, false, err
}

// sendInput passes stdin on until it ends or the program does.
func (s *Stream) sendInput(stdin io.Reader) {
	buf := make([]byte, maxChunk)
	for {
		n, err := stdin.Read(buf)
		if n > 0 {
			select {
			case <-s.credit:
			case <-s.done:
				return
			}
			if s.send(frameInput, buf[:n]) != nil {
				return
			}
		}
		if err != nil {
			s.CloseStdin()
			return
		}
	}
}

// Resize tells the program's terminal its new size.
func (s *Stream) Resize(rows, cols int) error {
	var b [4]byte
	binary.BigEndian.PutUint16(b[:2], uint16(rows))
	binary.BigEndian.PutUint16(b[2:], uint16(cols))
	return s.send(frameResize, b[:])
}

// Signal sends the program a signal.
func (s *Stream) Signal(sig syscall.Signal) error {
	return s.send(frameSignal, []byte{byte(sig)})
}

// CloseStdin ends the program's input.
func (s *Stream) CloseStdin() error { return s.send(frameEOF, nil) }

// Close leaves the program; if it still runs, its session gets a SIGHUP.
func (s *Stream) Close() error { return s.conn.Close() }

func (s *Stream) send(kind byte, payload []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return writeFrame(s.conn, kind, payload)
}
