package websocket

import (
	"errors"
	"slices"

	"github.com/gobwas/ws"
)

// direction carries the frames of one side to the other.
type direction struct {
	relay *Relay
	from  *source
	to    *side
	rules rules
	data  func() error // carries the data frame whose header was just read

	filter Filter // of messages that nobody judges, and of control frames; nil: they pass as they are
}

// run ends with a close frame that was passed on, or ends the connection and waits for the side to do so too.
func (d *direction) run() {
	err := d.carry()
	if err == nil || d.answered() {
		d.relay.halfClosed()
		return
	}
	d.relay.end(d.verdict(err))
	d.from.drain()
}

func (d *direction) carry() error {
	for {
		if err := d.step(); err != nil {
			return err
		}
		if err := d.frame(); err != nil || d.from.head.OpCode == ws.OpClose {
			return err
		}
	}
}

// step reads the header of the next frame.
func (d *direction) step() error {
	if err := d.from.next(); err != nil {
		return err
	}
	return d.rules.check(d.from.head)
}

// answered reports whether the side's last frame closes a connection that the other side closes as well. That one may be gone
// already, and nobody is to be told that the answer cannot be delivered.
func (d *direction) answered() bool {
	return d.from.head.OpCode == ws.OpClose && d.relay.closing.Load() == 2
}

func (d *direction) frame() error {
	if d.relay.isEnding() {
		return errOver // a judge is not asked about what cannot pass any more
	}
	if d.from.head.OpCode.IsControl() {
		return d.control()
	}
	return d.data()
}

// control passes a control frame at once, also between the fragments of a message.
func (d *direction) control() error {
	var room [ws.MaxControlFramePayloadSize]byte
	body, err := d.from.piece(room[:])
	if err != nil {
		return err
	}
	if d.from.head.OpCode == ws.OpClose {
		return d.close(body)
	}
	if body, err = d.screened(body, len(room)); err != nil {
		return err
	}
	return d.to.write(d.from.head.OpCode, true, body)
}

// close passes a close frame.
func (d *direction) close(body []byte) error {
	if err := checkClose(body); err != nil {
		return err
	}
	if len(body) > 0 {
		reason, err := d.screened(body[2:], maxReason)
		if err != nil {
			return err
		}
		body = append(slices.Clip(body[:2]), cut(string(reason))...)
	}
	d.relay.closing.Add(1) // before the other side can answer
	return d.to.write(ws.OpClose, true, body)
}

// unread is how messages pass that nobody judges.
func (d *direction) unread() func() error {
	if d.filter != nil {
		return d.filtered
	}
	return d.stream
}

// stream passes a data frame unread: whole if a buffer holds it, otherwise in fragments as its bytes come (RFC 6455 section 5.4 lets
// an intermediary do so where no extension is in use).
func (d *direction) stream() error {
	buffer := d.to.buffers.Get().(*[]byte)
	defer d.to.buffers.Put(buffer)
	op, room := d.from.head.OpCode, (*buffer)[:len(*buffer)-ws.MaxHeaderSize]
	for {
		b, err := d.from.piece(room)
		if err != nil {
			return err
		}
		if err := d.to.write(op, d.from.head.Fin && d.from.left == 0, b); err != nil {
			return err
		}
		if d.from.left == 0 {
			return nil
		}
		op = ws.OpContinuation
	}
}

// verdict says what each side is told about an error of this direction. Only the side at fault learns the reason.
func (d *direction) verdict(err error) verdict {
	v := verdict{client: away(""), origin: away(""), cause: err}
	var c *Close
	switch {
	case !errors.As(err, &c):
	case d.rules.masked:
		v.client = *c
	default:
		v.client, v.origin = Close{Code: badGateway, Reason: "the server sent what WebSocket does not allow"}, *c
	}
	return v
}
