package proxy

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"time"
)

// greet sends the client's greeting, and nothing behind it before the origin has answered: that may ask for a second
// greeting (HelloRetryRequest, RFC 8446 4.1.4), and some servers take the host from there.
func (t *tunnel) greet(c *peeked, hello int) error {
	t.greeted.Store(true)
	t.pass(c.head[:hello])
	if c.head = c.head[hello:]; len(c.head) == 0 && c.more() != nil {
		return nil // what ended the client's side ends the copy that follows
	}
	if !<-t.again {
		return nil
	}
	return t.checkRetry(c)
}

// checkRetry looks at the second greeting, in front of which may be what middleboxes expect, and early data.
func (t *tunnel) checkRetry(c *peeked) error {
	_ = c.SetReadDeadline(time.Now().Add(t.server.limits.header))
	defer func() { _ = c.SetReadDeadline(time.Time{}) }()
	for at := 0; at <= maxHello; {
		if len(c.head) < at+recordHeader {
			err := c.more()
			switch {
			case errors.Is(err, io.EOF):
				return nil // no greeting will come
			case err != nil:
				return t.unreadable()
			}
			continue
		}
		switch c.head[at] {
		case recordHandshake:
			_, err := t.readHello(c, at)
			return err
		case recordCipher, recordData:
			at += recordHeader + int(binary.BigEndian.Uint16(c.head[at+3:]))
		default:
			return t.unreadable()
		}
	}
	return t.unreadable()
}

// Types of records that a server passes over before a second greeting (RFC 8446 4.2.10 and D.4).
const (
	recordCipher = 0x14
	recordData   = 0x17
)

// inward passes what the origin says, and tells the other direction whether its first words ask for a second greeting.
func (t *tunnel) inward() {
	head, again, err := t.answer()
	t.again <- again
	n, failed := t.flow.socket.Conn.Write(head)
	t.in.Add(int64(n))
	if failed != nil || err != nil && !errors.Is(err, io.EOF) {
		t.reset()
		return
	}
	t.copy(t.flow.conn, t.flow.socket.Conn, t.up, &t.in)
}

// answer reads as much of what the origin says as tells whether it asks for a second greeting.
func (t *tunnel) answer() (head []byte, again bool, err error) {
	head = make([]byte, 0, 64)
	for known := false; err == nil && !known; again, known = t.asksAgain(head) {
		var n int
		n, err = t.up.Read(head[len(head):cap(head)])
		head = head[:len(head)+n]
	}
	return head, again, err
}

// asksAgain looks for a HelloRetryRequest: a ServerHello with a random number of its own (RFC 8446 4.1.3). known is
// false while the first bytes do not tell.
func (t *tunnel) asksAgain(head []byte) (again, known bool) {
	const random, end = recordHeader + 4 + 2, recordHeader + 4 + 2 + 32
	switch {
	case len(head) == 0:
		return false, false
	case !t.greeted.Load() || head[0] != recordHandshake:
		return false, true
	case len(head) < end:
		return false, false
	}
	retry := sha256.Sum256([]byte("HelloRetryRequest"))
	return bytes.Equal(head[random:end], retry[:]), true
}
