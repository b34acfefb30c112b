package websocket

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// maxReason is what a close frame has room for beside the status (RFC 6455 section 5.5).
const maxReason = ws.MaxControlFramePayloadSize - 2

// badGateway tells a client that the server behind the relay is at fault (IANA's registry of close codes).
const badGateway = 1014

// internal says that something here failed (the same registry).
const internal = 1011

// tryLater tells a client to come back (the same registry).
const tryLater = 1013

// Close is a status with which a connection ends (RFC 6455 section 7.4).
type Close struct {
	Code   uint16 // one that must not be sent, 0 among them, is sent as 1008, policy violation
	Reason string // for the other end to read; cut to 123 bytes of UTF-8
	Last   string // a text message before it, unless another is on its way; "" for none
}

func (c *Close) Error() string {
	return fmt.Sprintf("closed with status %d: %s", c.Code, c.Reason)
}

// away tells a side that the connection ends for a reason which is not its own.
func away(reason string) Close { return Close{Code: uint16(ws.StatusGoingAway), Reason: reason} }

// broken blames a side for frames that RFC 6455 does not allow.
func broken(reason string) *Close {
	return &Close{Code: uint16(ws.StatusProtocolError), Reason: reason}
}

// payload is the body of a close frame.
func (c Close) payload() []byte {
	code := c.Code
	if !sendable(code) {
		code = uint16(ws.StatusPolicyViolation)
	}
	return append(binary.BigEndian.AppendUint16(nil, code), cut(c.Reason)...)
}

// cut shortens a reason without leaving half a character.
func cut(reason string) string {
	reason = strings.ToValidUTF8(reason, "\uFFFD")
	if len(reason) <= maxReason {
		return reason
	}
	end := maxReason
	for !utf8.RuneStart(reason[end]) {
		end--
	}
	return reason[:end]
}

// sendable reports whether a close frame may carry a code (RFC 6455 sections 7.4.1 and 7.4.2).
func sendable(code uint16) bool {
	switch ws.StatusCode(code) {
	case ws.StatusNoStatusRcvd, ws.StatusAbnormalClosure, ws.StatusTLSHandshake:
		return false
	}
	return code >= 1000 && code <= 4999
}

// checkClose judges the body of a close frame that one end sent (RFC 6455 section 5.5.1). It returns a plain error, as nil would not
// survive the way through a pointer.
func checkClose(body []byte) error {
	switch {
	case len(body) == 0:
		return nil
	case len(body) == 1 || !sendable(binary.BigEndian.Uint16(body)):
		return broken("a close frame has no status that may be sent")
	case !utf8.Valid(body[2:]):
		return &Close{Code: uint16(ws.StatusInvalidFramePayloadData), Reason: "the reason in a close frame is not UTF-8"}
	}
	return nil
}
