package proxy

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"time"
)

// errStop ends a handshake that was only started to read the greeting.
var errStop = errors.New("greeting read")

// recordHeader is the length of type, version and length in front of a record (RFC 8446 5.1).
const recordHeader = 5

// greeting knows how much of a TLS greeting has arrived. It looks at each record once: a greeting of
// 10,000 records, parsed anew after each, took seconds.
type greeting struct {
	next   int     // where the first record begins that is not here yet
	have   int     // bytes of the handshake message
	length [4]byte // its first bytes: type and length (RFC 8446 4)
}

// complete reports whether there is something to parse in head, which only grows from call to call.
func (g *greeting) complete(head []byte) bool {
	for len(head) >= g.next+recordHeader {
		n := int(binary.BigEndian.Uint16(head[g.next+3:]))
		if head[g.next] != recordHandshake || n == 0 {
			return true // and an error
		}
		end := g.next + recordHeader + n
		if len(head) < end {
			return false
		}
		if g.have < len(g.length) {
			copy(g.length[g.have:], head[g.next+recordHeader:end])
		}
		g.have += n
		g.next = end
		if g.have >= len(g.length)+g.size() {
			return true
		}
	}
	return false
}

// more reports that something comes behind the message within its record, as no client has it: it could be a second
// greeting, for another host.
func (g *greeting) more() bool { return g.have > len(g.length)+g.size() }

// size is that of the message without its type and length.
func (g *greeting) size() int { return int(binary.BigEndian.Uint32(g.length[:]) & 0xffffff) }

// begins tells what a client's first bytes may be the beginning of.
type begins int

const (
	beginsOpen  begins = iota // more are needed to tell
	beginsHello               // a TLS greeting, as clients send it
	beginsOdd                 // TLS that begins otherwise: with a record that servers pass over, or in the form of SSL 2 (RFC 5246 E.2)
	beginsOther
)

// beginning tells TLS from everything else, in all forms that some server takes: what hides a greeting behind an alert would
// not be looked at.
func beginning(head []byte) begins {
	at := func(i int) int {
		if i < len(head) {
			return int(head[i])
		}
		return -1
	}
	switch first := at(0); {
	case first < 0:
		return beginsOpen
	case first == recordHandshake:
		return beginsHello
	case first >= 0x14 && first <= 0x18: // the other types of records (RFC 8446 5.1, RFC 6520 3)
		return oddIf(at(1), 3, beginsOdd)
	case first >= 0x80:
		return oddIf(at(2), 1, oddIf(at(3), 3, beginsOdd))
	}
	return beginsOther
}

// oddIf is then where a byte is the one that TLS has there.
func oddIf(b, want int, then begins) begins {
	switch b {
	case -1:
		return beginsOpen
	case want:
		return then
	}
	return beginsOther
}

// encryptedHello is the extension in which a client hides the name it really asks for, or pretends to
// (Encrypted Client Hello, RFC 9849).
const encryptedHello = 0xfe0d

// errHidden means that a greeting has that extension.
var errHidden = errors.New("encrypted client hello")

// serverName reads the host a TLS greeting asks for. It lets crypto/tls do the parsing, over bytes that
// are already here; complete is false while more are needed. With errHidden there is a name, and perhaps another.
func serverName(greeting []byte) (name string, complete bool, err error) {
	if len(greeting) < recordHeader || len(greeting) < recordHeader+int(binary.BigEndian.Uint16(greeting[3:5])) {
		return "", false, nil
	}
	hidden := false
	err = tls.Server(&replay{Reader: bytes.NewReader(greeting)}, &tls.Config{
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			name, hidden = hello.ServerName, slices.Contains(hello.Extensions, encryptedHello)
			return nil, errStop
		},
	}).Handshake()
	switch {
	case errors.Is(err, errStop) && hidden:
		return name, true, errHidden
	case errors.Is(err, errStop):
		return name, true, nil
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "", false, nil
	}
	return "", false, err
}

// replay is a connection that only has a past.
type replay struct {
	net.Conn
	io.Reader
}

func (r *replay) Read(p []byte) (int, error)     { return r.Reader.Read(p) }
func (*replay) Write(p []byte) (int, error)      { return len(p), nil }
func (*replay) Close() error                     { return nil }
func (*replay) SetDeadline(time.Time) error      { return nil }
func (*replay) SetReadDeadline(time.Time) error  { return nil }
func (*replay) SetWriteDeadline(time.Time) error { return nil }
