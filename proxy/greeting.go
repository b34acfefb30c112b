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

// serverName reads the host a TLS greeting asks for. It lets crypto/tls do the parsing, over bytes that
// are already here; complete is false while more are needed.
func serverName(greeting []byte) (name string, complete bool, err error) {
	const recordHeader = 5 // type, version, length (RFC 8446 5.1)
	if len(greeting) < recordHeader || len(greeting) < recordHeader+int(binary.BigEndian.Uint16(greeting[3:5])) {
		return "", false, nil // cheap to say, however slowly the client sends
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
