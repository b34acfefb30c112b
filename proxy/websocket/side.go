package websocket

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gobwas/ws"
)

// writeWait is how long a side may take no bytes at all.
const writeWait = 30 * time.Second

// errOver is why a frame is not sent: a close frame was, or is about to be (RFC 6455 section 5.5.1).
var errOver = errors.New("the connection is ending")

// side is one of the two connections as the relay writes to it: whole frames, one at a time.
type side struct {
	name    string
	conn    io.ReadWriteCloser
	masks   bool // what is sent there must be masked
	count   *atomic.Int64
	buffers *sync.Pool
	ending  <-chan struct{}

	writing sync.Mutex // held for a whole frame, so that none is torn apart
	over    bool       // a close frame was sent, or a frame only in part
	amid    bool       // a message whose last frame was not sent yet
	closing sync.Once
}

// write sends one frame, unless the relay is ending the connection.
func (s *side) write(op ws.OpCode, fin bool, payload []byte) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	select {
	case <-s.ending:
		return errOver
	default:
		return s.send(op, fin, payload)
	}
}

// finish sends the relay's own close frame, unless an end's went there already.
func (s *side) finish(c Close) {
	s.writing.Lock()
	defer s.writing.Unlock()
	if c.Last != "" && !s.amid {
		_ = s.send(ws.OpText, true, []byte(c.Last))
	}
	_ = s.send(ws.OpClose, true, c.payload()) // if it does not arrive, the end of the connection says the same
}

// send writes a frame through one buffer: its header and first bytes leave in one piece.
func (s *side) send(op ws.OpCode, fin bool, payload []byte) error {
	if s.over {
		return errOver
	}
	s.over = true // until the frame is out: nothing may follow a part of it
	buffer := s.buffers.Get().(*[]byte)
	defer s.buffers.Put(buffer)
	head := s.header(op, fin, len(payload))
	if err := s.encode(*buffer, head, payload); err != nil {
		return fmt.Errorf("writing to the %s: %w", s.name, err)
	}
	s.over = op == ws.OpClose
	if !op.IsControl() {
		s.amid = !fin
	}
	return nil
}

// header is that of a frame to this side. The mask is a fresh one, which the client cannot foresee: it must not choose what bytes
// appear on the wire (RFC 6455 section 10.3).
func (s *side) header(op ws.OpCode, fin bool, length int) ws.Header {
	h := ws.Header{OpCode: op, Fin: fin, Length: int64(length), Masked: s.masks}
	if s.masks {
		_, _ = rand.Read(h.Mask[:]) // never returns an error
	}
	return h
}

func (s *side) encode(buffer []byte, head ws.Header, payload []byte) error {
	encoded := bytes.NewBuffer(buffer[:0])
	if err := ws.WriteHeader(encoded, head); err != nil {
		return err
	}
	for used, offset := encoded.Len(), 0; ; used = 0 {
		n := copy(buffer[used:], payload[offset:])
		if head.Masked {
			ws.Cipher(buffer[used:used+n], head.Mask, offset)
		}
		if err := s.flush(buffer[:used+n]); err != nil {
			return err
		}
		if offset += n; offset == len(payload) {
			return nil
		}
	}
}

func (s *side) flush(b []byte) error {
	if c, ok := s.conn.(interface{ SetWriteDeadline(time.Time) error }); ok {
		_ = c.SetWriteDeadline(time.Now().Add(writeWait)) // a connection that is closed says so to Write as well
	}
	n, err := s.conn.Write(b)
	s.count.Add(int64(n))
	return err
}

// cut ends the connection, and with it every read and write that waits.
func (s *side) cut() {
	s.closing.Do(func() { _ = s.conn.Close() })
}
