package proxy

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
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
		if g.have >= len(g.length) && g.have-len(g.length) >= int(binary.BigEndian.Uint32(g.length[:])&0xffffff) {
			return true
		}
	}
	return false
}

// serverName reads the host a TLS greeting asks for. It lets crypto/tls do the parsing, over bytes that
// are already here; complete is false while more are needed.
func serverName(greeting []byte) (name string, complete bool, err error) {
	if len(greeting) < recordHeader || len(greeting) < recordHeader+int(binary.BigEndian.Uint16(greeting[3:5])) {
		return "", false, nil
	}
	err = tls.Server(&replay{Reader: bytes.NewReader(greeting)}, &tls.Config{
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			name = hello.ServerName
			return nil, errStop
		},
	}).Handshake()
	switch {
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
