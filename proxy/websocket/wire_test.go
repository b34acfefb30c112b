package websocket_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync/atomic"
)

// Opcodes of RFC 6455 section 5.2.
const (
	more   = 0x0
	text   = 0x1
	binar  = 0x2
	closes = 0x8
	ping   = 0x9
	pong   = 0xa
)

// frame is a frame as a test writes or reads it, by hand: the library that the relay uses must not be its own witness.
type frame struct {
	op      byte
	part    bool // FIN is not set
	rsv     byte
	bare    bool // not masked
	length  int  // announced, if it is not that of payload
	payload string
}

// bytes is the frame on the wire, with a length of eight bytes if it announces another one than it has.
func (f frame) bytes() []byte {
	first, second := f.op|f.rsv<<4, byte(0x80)
	if !f.part {
		first |= 0x80
	}
	if f.bare {
		second = 0
	}
	var b []byte
	switch n := len(f.payload); {
	case f.length != 0:
		b = binary.BigEndian.AppendUint64([]byte{first, second | 127}, uint64(f.length))
	case n < 126:
		b = []byte{first, second | byte(n)}
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16([]byte{first, second | 126}, uint16(n))
	default:
		b = binary.BigEndian.AppendUint64([]byte{first, second | 127}, uint64(n))
	}
	if f.bare {
		return append(b, f.payload...)
	}
	mask := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	b = append(b, mask[:]...)
	for i := range len(f.payload) {
		b = append(b, f.payload[i]^mask[i%4])
	}
	return b
}

func wire(frames ...frame) []byte {
	var b []byte
	for _, f := range frames {
		b = append(b, f.bytes()...)
	}
	return b
}

func status(code uint16, reason string) string {
	return string(binary.BigEndian.AppendUint16(nil, code)) + reason
}

// message is what an end's application sees: a whole message, or a control frame.
type message struct {
	op   byte
	text string
}

func (m message) String() string {
	if m.op == closes && len(m.text) > 1 {
		return fmt.Sprintf("close %d %s", binary.BigEndian.Uint16([]byte(m.text)), m.text[2:])
	}
	return fmt.Sprintf("%x %.40q", m.op, m.text)
}

// reader takes what the relay sends, as the strictest of ends would.
type reader struct {
	in     io.Reader
	masked bool
	open   []byte // opcode and start of a fragmented message
}

var errBroken = errors.New("the relay broke the protocol")

// next returns the next whole message or control frame.
func (r *reader) next() (message, error) {
	for {
		op, fin, payload, err := r.frame()
		switch {
		case err != nil:
			return message{}, err
		case op >= closes:
			return message{op, string(payload)}, nil
		case (op == more) != (r.open != nil):
			return message{}, fmt.Errorf("%w: fragments out of order", errBroken)
		case r.open == nil:
			r.open = []byte{op}
		}
		if r.open = append(r.open, payload...); fin {
			m := message{r.open[0], string(r.open[1:])}
			r.open = nil
			return m, nil
		}
	}
}

func (r *reader) frame() (op byte, fin bool, payload []byte, err error) {
	head := make([]byte, 2)
	if _, err := io.ReadFull(r.in, head); err != nil {
		return 0, false, nil, err
	}
	op, fin = head[0]&15, head[0]&0x80 != 0
	n, err := r.length(head[1] & 127)
	switch {
	case err != nil:
	case head[0]&0x70 != 0, (head[1]&0x80 != 0) != r.masked, !slices.Contains([]byte{more, text, binar, closes, ping, pong}, op):
		err = fmt.Errorf("%w: header %x", errBroken, head)
	case op >= closes && (n > 125 || !fin):
		err = fmt.Errorf("%w: control frame of %d bytes", errBroken, n)
	default:
		payload, err = r.payload(n)
	}
	return op, fin, payload, err
}

func (r *reader) length(short byte) (uint64, error) {
	size := map[byte]int{126: 2, 127: 8}[short]
	b := make([]byte, 8)
	if _, err := io.ReadFull(r.in, b[8-size:]); err != nil || size == 0 {
		return uint64(short), err
	}
	n := binary.BigEndian.Uint64(b)
	if n < 126 || size == 8 && n < 1<<16 {
		return 0, fmt.Errorf("%w: length %d in %d bytes", errBroken, n, size)
	}
	return n, nil
}

func (r *reader) payload(n uint64) ([]byte, error) {
	var mask [4]byte
	if r.masked {
		if _, err := io.ReadFull(r.in, mask[:]); err != nil {
			return nil, err
		}
	}
	if n > 64<<20 {
		return nil, fmt.Errorf("a frame of %d bytes is none of these tests", n)
	}
	b := make([]byte, n)
	_, err := io.ReadFull(r.in, b)
	for i := range b {
		b[i] ^= mask[i%4]
	}
	return b, err
}

// end is a raw end: it reads everything, and answers a close frame unless it is silent.
type end struct {
	net.Conn
	masked, silent bool // masked: the end is the server and reads masked frames
	got            []message
	err            error       // that ended the reading, nil at EOF
	over           atomic.Bool // a close frame came
	done           chan struct{}
}

func newEnd(conn net.Conn, masked, silent bool) *end {
	e := &end{Conn: conn, masked: masked, silent: silent, done: make(chan struct{})}
	go e.read()
	return e
}

func (e *end) read() {
	defer close(e.done)
	r := &reader{in: e.Conn, masked: e.masked}
	for {
		m, err := r.next()
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrClosedPipe) {
				e.err = err
			}
			return
		}
		e.got = append(e.got, m)
		if m.op != closes {
			continue
		}
		if e.over.Store(true); !e.silent {
			go func() { _, _ = e.Write(frame{op: closes, bare: e.masked, payload: m.text}.bytes()) }()
		}
	}
}

// all waits for the end of the connection and returns what came, as text.
func (e *end) all() []string {
	<-e.done
	var list []string
	for _, m := range e.got {
		list = append(list, m.String())
	}
	if e.err != nil {
		list = append(list, e.err.Error())
	}
	return list
}
