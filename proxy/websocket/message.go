package websocket

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/gobwas/ws"
)

// Filter makes what passes of a message out of what it says, while it comes. An error ends the connection; the side at
// fault is told why if it is a *Close.
type Filter func(io.Reader) io.Reader

// message is the payload of all frames of the message whose first header was just read. Control frames between them pass as
// they come.
type message struct{ *direction }

// errClosed ends a message in which the side closed the connection.
var errClosed = errors.New("a close frame came within a message")

func (m message) Read(b []byte) (int, error) {
	for m.from.left == 0 || m.from.head.OpCode.IsControl() {
		if m.from.head.Fin && !m.from.head.OpCode.IsControl() {
			return 0, io.EOF
		}
		if err := m.more(); err != nil {
			return 0, err
		}
	}
	return payload{m.from}.Read(b)
}

// more goes on to the next frame.
func (m message) more() error {
	if err := m.step(); err != nil || !m.from.head.OpCode.IsControl() {
		return err
	}
	if err := m.control(); err != nil {
		return err
	}
	if m.from.head.OpCode == ws.OpClose {
		return errClosed
	}
	return nil
}

// filtered passes a message through the filter as [direction.stream] passes a frame: whole if its last frame fits into a buffer,
// otherwise in fragments as its bytes come, since whoever sends them may wait for an answer to them. A panic of the filter's
// ends this connection, and no other of the process.
func (d *direction) filtered() (err error) {
	defer rescue(&err)
	buffer := d.to.buffers.Get().(*[]byte)
	defer d.to.buffers.Put(buffer)
	op, room := d.from.head.OpCode, (*buffer)[:len(*buffer)-ws.MaxHeaderSize]
	passed := d.filter(message{d})
	for {
		least := 1
		if d.from.head.Fin && d.from.left <= int64(len(room)) {
			least = len(room)
		}
		n, err := io.ReadAtLeast(passed, room, least)
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		switch {
		case errors.Is(err, errClosed):
			return nil
		case err != nil && !last:
			return err
		case d.from.head.OpCode == ws.OpClose: // what was held back may not follow it; the next read says how it went
			continue
		}
		if err := d.to.write(op, last, room[:n]); err != nil || last {
			return err
		}
		op = ws.OpContinuation
	}
}

// screened is the payload of a control frame, or the reason of a close frame, behind the filter. What stands for a secret can
// be longer than the secret: what the frame has no room for is cut off.
func (d *direction) screened(body []byte, room int) (out []byte, err error) {
	if d.filter == nil {
		return body, nil
	}
	defer rescue(&err)
	out, err = io.ReadAll(d.filter(bytes.NewReader(body)))
	return out[:min(len(out), room)], err
}

// rescue turns a panic of a filter's into an error of its message.
func rescue(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("looking through a message panicked with %v: %w", p, &Close{Code: internal, Reason: "the message cannot be read"})
	}
}
