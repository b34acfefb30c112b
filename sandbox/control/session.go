package control

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// afterExit is how long a silent output is listened to once the program
	// has ended: a daemon it left behind may hold the pipe open for ever.
	afterExit = 20 * time.Millisecond

	// afterExitMax is the largest pipe buffer an unprivileged program can ask
	// for (fs.pipe-max-size): all the program itself can have left behind.
	afterExitMax = 1 << 20
)

// session carries one program's input and output over one connection.
type session struct {
	conn  *net.UnixConn
	prog  *Started
	input chan []byte // the window and an end-of-file; closed by readFrames
	ended atomic.Bool // the program has exited

	mu sync.Mutex // held for one frame written to conn
}

func newSession(conn *net.UnixConn, prog *Started) *session {
	return &session{conn: conn, prog: prog, input: make(chan []byte, inputWindow+1)}
}

// run returns when the program has ended and its output was passed on. A
// client that vanishes hangs the program up; the program decides whether to go.
func (s *session) run(ctx context.Context) {
	defer context.AfterFunc(ctx, func() { s.conn.Close() })()
	var outputs, inputs sync.WaitGroup
	outputs.Go(func() { s.copyOutput(frameOutput, s.prog.Stdout) })
	if s.prog.Stderr != nil {
		outputs.Go(func() { s.copyOutput(frameErrOut, s.prog.Stderr) })
	}
	inputs.Go(s.feed)
	inputs.Go(s.readFrames)
	exit := s.prog.Wait()
	s.ended.Store(true)
	s.prog.Stdout.SetReadDeadline(time.Unix(1, 0))
	if s.prog.Stderr != nil {
		s.prog.Stderr.SetReadDeadline(time.Unix(1, 0))
	}
	outputs.Wait()
	var code [4]byte
	binary.BigEndian.PutUint32(code[:], uint32(int32(exit)))
	s.send(frameExit, code[:])
	s.conn.Close()
	s.prog.Stdin.Close()
	inputs.Wait()
}

// readFrames handles what the client sends, until it goes.
func (s *session) readFrames() {
	defer close(s.input)
	for {
		kind, payload, err := readFrame(s.conn, maxChunk)
		if err == nil {
			err = s.take(kind, payload)
		}
		if err != nil {
			if !s.ended.Load() {
				s.prog.Signal(syscall.SIGHUP)
			}
			s.conn.Close()
			return
		}
	}
}

func (s *session) take(kind byte, payload []byte) error {
	switch {
	case kind == frameInput, kind == frameEOF:
		if kind == frameEOF {
			payload = nil // what feed knows the end by
		}
		select {
		case s.input <- payload:
			return nil
		default:
			return errors.New("more input than the window allows")
		}
	case kind == frameResize && len(payload) == 4:
		// A program that is about to end may refuse a new size; that is no fault.
		_ = s.prog.Resize(int(binary.BigEndian.Uint16(payload)), int(binary.BigEndian.Uint16(payload[2:])))
		return nil
	case kind == frameSignal && len(payload) == 1:
		_ = s.prog.Signal(syscall.Signal(payload[0]))
		return nil
	}
	return fmt.Errorf("unexpected frame of type %q with %d bytes", kind, len(payload))
}

// feed writes the client's input to the program, and a token back for each
// chunk. A nil chunk is the end of the input.
func (s *session) feed() {
	closed := false
	for chunk := range s.input {
		switch {
		case closed:
		case chunk == nil:
			s.endInput()
			closed = !s.prog.TTY
			continue
		default:
			if _, err := s.prog.Stdin.Write(chunk); err != nil {
				closed = true // the program no longer reads; what comes is dropped
			}
		}
		s.send(frameTaken, nil)
	}
	if !s.prog.TTY {
		s.prog.Stdin.Close()
	}
}

// endInput closes a pipe. A terminal stays open, because its output comes from
// the same descriptor; it gets its end-of-file character (^D) instead.
func (s *session) endInput() {
	if s.prog.TTY {
		s.prog.Stdin.Write([]byte{4})
		return
	}
	s.prog.Stdin.Close()
}

// copyOutput passes output on to its end or, once the program has exited,
// until nothing has come for a moment. With the client gone it reads on, so
// that a program that ignores SIGHUP is not blocked by a full pipe.
func (s *session) copyOutput(kind byte, from Output) {
	defer from.Close()
	buf := make([]byte, maxChunk)
	for {
		n, err := from.Read(buf)
		s.sendOutput(kind, buf[:n])
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break // set by run: the program has exited
		}
		if err != nil {
			return
		}
	}
	for left := afterExitMax; left > 0; {
		from.SetReadDeadline(time.Now().Add(afterExit))
		n, err := from.Read(buf)
		s.sendOutput(kind, buf[:n])
		if err != nil {
			return
		}
		left -= n
	}
}

func (s *session) sendOutput(kind byte, data []byte) {
	if len(data) > 0 {
		s.send(kind, data)
	}
}

// send writes one frame. A client that is gone is noticed by readFrames.
func (s *session) send(kind byte, payload []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = writeFrame(s.conn, kind, payload)
}
