package proxy

import (
	"errors"
	"fmt"
	"time"

	"exeat/policy"
)

// maxHello bounds what is held of a client's TLS greeting; real ones have a few kilobytes.
const maxHello = 16 << 10

// outward sends the client's bytes, the first of them only when they are known to be no TLS, or TLS
// for the right name. It waits for them as long as it takes: protocols in which the server speaks
// first work, and a greeting that comes late is looked at like any other.
func (t *tunnel) outward() {
	client := &peeked{Conn: t.flow.conn}
	hello, err := t.checkGreeting(client)
	if err == nil && hello > 0 {
		err = t.greet(client, hello)
	}
	if err != nil {
		t.misnamed(err)
		return
	}
	head := client.head
	if early, ok := t.flow.conn.(*peeked); ok {
		head = append(head, early.head...) // came with the CONNECT and was not needed to decide
	}
	if t.pass(head) {
		t.copy(t.up, t.up, t.flow.socket.Conn, &t.out)
	}
}

// misnamed ends a connection for what its client asked for.
func (t *tunnel) misnamed(err error) {
	t.server.recordL4(t.flow, policy.CodeAuthority, err.Error())
	t.reset()
}

// pass sends to the origin, or ends the connection.
func (t *tunnel) pass(b []byte) bool {
	n, err := t.up.Write(b)
	t.out.Add(int64(n))
	if err != nil {
		t.reset()
	}
	return err == nil
}

// checkGreeting reads until the first bytes are known to be harmless. It returns how many of them are a greeting.
func (t *tunnel) checkGreeting(c *peeked) (hello int, err error) {
	defer func() { _ = c.SetReadDeadline(time.Time{}) }()
	for begun := false; ; begun = len(c.head) > 0 {
		switch beginning(c.head) {
		case beginsOther:
			return 0, nil
		case beginsOdd:
			return 0, t.unreadable()
		case beginsHello:
			return t.readHello(c, 0)
		}
		if err := c.more(); err != nil {
			if len(c.head) == 0 {
				return 0, nil // the client ended its side without a word
			}
			return 0, t.unreadable()
		}
		if !begun { // what has begun has to end: it is held in memory
			_ = c.SetReadDeadline(time.Now().Add(t.server.limits.header))
		}
	}
}

// readHello reads the greeting that begins at from, and returns where it ends.
func (t *tunnel) readHello(c *peeked, from int) (end int, err error) {
	_ = c.SetReadDeadline(time.Now().Add(t.server.limits.header))
	defer func() { _ = c.SetReadDeadline(time.Time{}) }()
	for g := (greeting{}); ; {
		switch {
		case len(c.head) > from+maxHello:
			return 0, t.unreadable()
		case g.complete(c.head[from:]):
			if g.more() {
				return 0, t.unreadable()
			}
			return from + g.next, t.checkHello(c.head[from:])
		}
		if err := c.more(); err != nil {
			return 0, t.unreadable()
		}
	}
}

func (t *tunnel) checkHello(greeting []byte) error {
	name, complete, err := serverName(greeting)
	switch {
	case errors.Is(err, errHidden) && t.strict:
		return fmt.Errorf("the client's TLS greeting hides the host it asks for (ECH), so that it cannot be known to be %s: "+
			"turn that off in the client, or write the endpoint with tls: skip and without protocol", t.flow.host)
	case err != nil && !errors.Is(err, errHidden), !complete:
		return t.unreadable()
	}
	return t.checkName(name)
}

func (t *tunnel) unreadable() error {
	if !t.strict {
		return nil
	}
	return errors.New("the client's TLS greeting cannot be read")
}

// checkName stops a connection to one host that asks for another host behind the same address.
func (t *tunnel) checkName(name string) error {
	host := t.flow.host
	if name == "" {
		if isLiteral(host) || !t.strict {
			return nil
		}
		return fmt.Errorf("the client's TLS greeting names no host (SNI), so that it cannot be known to be %s: "+
			"tell the client to send it (redis-cli: --sni), or write the endpoint with tls: skip and without protocol", host)
	}
	if canonical, err := policy.CanonicalHost(name); err != nil || canonical != host {
		return fmt.Errorf("the client's TLS greeting asks for %q, the connection goes to %s", oneLine(name), host)
	}
	return nil
}
