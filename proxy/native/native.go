// Package native tells clients of SSH, PostgreSQL and Redis, in the words of their own protocol, why they were refused.
package native

import (
	"bufio"
	"io"
	"net"
	"time"
)

// Limits of a refusal: it is said to a program that may mean to hold us up.
const (
	patience  = 5 * time.Second // for all of it
	maxAsked  = 64 << 10        // bytes of what a client says meanwhile
	maxReason = 400             // bytes; clients of SSH show no more
)

// Secure makes a connection one with TLS, of which we are the server.
type Secure func(net.Conn) (net.Conn, error)

// client is who is refused.
type client struct {
	net.Conn
	said   *bufio.Reader
	secure Secure
}

func newClient(c net.Conn, secure Secure) *client {
	return &client{Conn: c, said: bufio.NewReader(io.LimitReader(c, maxAsked)), secure: secure}
}

// Reason is why a client is refused.
type Reason struct {
	Text   string
	Denied bool // it was not allowed; else something failed
}

// Enough is how many bytes of a client's tell which protocol it is, if any.
const Enough = postgresHead

// Begun tells whether fewer bytes may be the beginning of one.
func Begun(said []byte) bool {
	return len(said) > 0 && (said[0] == 0 || said[0] == '*' || said[0] == 'S')
}

// protocol is one that can be told from the first bytes of its client, and how it says no. Refuse returns when there is
// nothing left to say; an error means that nothing was, or that it cannot have been heard.
type protocol struct {
	begins func(said []byte) bool
	refuse func(c *client, reason Reason) error
}

func protocols() []protocol {
	return []protocol{
		{begins: isSSH, refuse: refuseSSH},
		{begins: isPostgres, refuse: refusePostgres},
		{begins: isRedis, refuse: refuseRedis},
	}
}

// Refuse tells the client behind c the reason, if it can be told from said, which is the beginning of what c has to
// read, which protocol it speaks. It reports whether it did, and leaves c open.
func Refuse(c net.Conn, said []byte, reason Reason, secure Secure) bool {
	reason.Text = oneLine(reason.Text)
	p := protocolOf(said)
	if p == nil {
		return false
	}
	_ = c.SetDeadline(time.Now().Add(patience))
	return p.refuse(newClient(c, secure), reason) == nil
}

// Speaks reports that a client which began with said speaks one of the protocols.
func Speaks(said []byte) bool { return protocolOf(said) != nil }

func protocolOf(said []byte) *protocol {
	for _, p := range protocols() {
		if p.begins(said) {
			return &p
		}
	}
	return nil
}

// oneLine leaves a line of ASCII: a line break would begin another answer of Redis.
func oneLine(reason string) string {
	out := []byte(reason)
	for i, b := range out {
		if b < ' ' || b > '~' {
			out[i] = '?'
		}
	}
	return string(out[:min(len(out), maxReason)])
}
