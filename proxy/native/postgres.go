package native

import (
	"encoding/binary"
	"errors"
	"io"
)

// What a client of PostgreSQL sends first: a length, then one of these (PostgreSQL documentation, "Message Formats").
const (
	postgresHead  = 8 // bytes
	sslRequest    = 80877103
	gssEncRequest = 80877104
	protocol3     = 3 // the major version, in the upper half of a StartupMessage's
	maxStartup    = 10000
)

func isPostgres(said []byte) bool {
	if len(said) < postgresHead {
		return false
	}
	length, code := binary.BigEndian.Uint32(said), binary.BigEndian.Uint32(said[4:])
	if code == sslRequest || code == gssEncRequest {
		return length == postgresHead
	}
	return code>>16 == protocol3 && length > postgresHead && length <= maxStartup
}

// refusePostgres answers the StartupMessage, after whatever encryption the client asks for: what a server says instead of
// encrypting, libpq does not show.
func refusePostgres(c *client, reason Reason) error {
	for range 3 { // encryption by GSS, by TLS, none
		head, err := c.said.Peek(postgresHead)
		if err != nil {
			return err
		}
		if !isPostgres(head) {
			return errors.New("this is no longer PostgreSQL")
		}
		if binary.BigEndian.Uint32(head[4:])>>16 == protocol3 {
			_, err := c.Write(postgresError(reason))
			return err
		}
		if err := c.encrypt(binary.BigEndian.Uint32(head[4:])); err != nil {
			return err
		}
	}
	return errors.New("it asks for nothing but encryption")
}

// encrypt answers a request for encryption. There is none by GSS.
func (c *client) encrypt(code uint32) error {
	_, _ = c.said.Discard(postgresHead)
	if code == gssEncRequest {
		_, err := io.WriteString(c, "N")
		return err
	}
	if _, err := io.WriteString(c, "S"); err != nil {
		return err
	}
	outer, err := c.secure(c.Conn)
	if err == nil {
		*c = *newClient(outer, c.secure)
	}
	return err
}

// postgresError is an ErrorResponse with the severity, the text, and the SQLSTATE of either invalid_authorization_specification
// or sqlclient_unable_to_establish_sqlconnection.
func postgresError(reason Reason) []byte {
	state := "08001"
	if reason.Denied {
		state = "28000"
	}
	var fields []byte
	for _, f := range []string{"SFATAL", "VFATAL", "C" + state, "M" + reason.Text} {
		fields = append(append(fields, f...), 0)
	}
	fields = append(fields, 0)
	return append(binary.BigEndian.AppendUint32([]byte{'E'}, uint32(4+len(fields))), fields...)
}
