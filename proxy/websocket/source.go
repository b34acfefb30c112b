package websocket

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/gobwas/ws"
)

// source reads frames from one side: next takes a header, Read what the frame carries.
type source struct {
	name    string
	in      *bufio.Reader
	head    ws.Header // of the frame at hand
	left    int64     // bytes of its payload that were not read yet
	scratch [ws.MaxHeaderSize]byte
}

// next skips what is left of a frame and reads the header of the one behind it.
func (s *source) next() error {
	if _, err := io.Copy(io.Discard, payload{s}); err != nil {
		return err
	}
	head, err := ws.ReadHeaderBuffer(s.in, s.scratch[:])
	switch {
	case errors.Is(err, ws.ErrHeaderLengthMSB):
		return broken("a frame's length has its highest bit set")
	case err != nil:
		return s.gone(err)
	}
	s.head, s.left = head, head.Length
	return nil
}

// payload is the rest of a source's frame, unmasked, as a reader that ends with the frame.
type payload struct{ *source }

func (p payload) Read(b []byte) (int, error) {
	if p.left == 0 {
		return 0, io.EOF
	}
	n, err := p.in.Read(b[:min(int64(len(b)), p.left)])
	if p.head.Masked {
		ws.Cipher(b[:n], p.head.Mask, int((p.head.Length-p.left)%4))
	}
	if p.left -= int64(n); p.left == 0 || err == nil {
		return n, nil
	}
	return n, p.gone(err)
}

// piece reads a frame's payload, or as much of a larger one as has come and fits.
func (s *source) piece(b []byte) ([]byte, error) {
	least := 1
	if s.left <= int64(len(b)) {
		least = int(s.left)
	}
	n, err := io.ReadAtLeast(payload{s}, b, least)
	return b[:n], err
}

// gone says that a side ended its connection although no close frame came.
func (s *source) gone(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("the %s went away without a close frame", s.name)
	}
	return fmt.Errorf("reading from the %s: %w", s.name, err)
}

// drain reads on until the side's own close frame or its end. Closing a TCP connection with bytes unread resets it, and the side might
// never see the close frame that it was sent.
func (s *source) drain() {
	for s.head.OpCode != ws.OpClose {
		if s.next() != nil {
			break
		}
	}
	_, _ = io.Copy(io.Discard, payload{s})
}
