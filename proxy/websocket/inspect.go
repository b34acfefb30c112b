package websocket

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// Kind is what a message is made of, by its opcode (RFC 6455 section 5.6).
type Kind byte

const (
	Text   = Kind(ws.OpText)
	Binary = Kind(ws.OpBinary)
)

// Judge decides about one whole message of the client. What it returns is what the server gets, so that an unchanged message is
// returned as it came. A non-nil Close refuses the message and ends the connection: the client is told that status. A judge may change
// the message's bytes and return them, but must not keep them.
type Judge func(kind Kind, message []byte) (passed []byte, refused *Close)

// keep is the size of a message up to which its memory stays with the connection.
const keep = 8 << 10

// inspector puts the client's messages together and has them judged.
type inspector struct {
	*direction
	kind    Kind
	message bytes.Buffer
	taken   int64 // of the relay's room
}

// collect takes one frame, and passes the message that it completes. Memory grows with the bytes that come, not with what a header
// announces.
func (i *inspector) collect() error {
	head := i.from.head
	if head.OpCode != ws.OpContinuation {
		i.kind = Kind(head.OpCode)
	}
	if head.Length > int64(i.relay.MaxMessage-i.message.Len()) {
		reason := fmt.Sprintf("a message is larger than %d bytes", i.relay.MaxMessage)
		return &Close{Code: uint16(ws.StatusMessageTooBig), Reason: reason}
	}
	if room := i.relay.Room; room != nil {
		if !room.Take(head.Length) {
			return &Close{Code: tryLater, Reason: "the messages of other connections take all the room there is for reading them"}
		}
		i.taken += head.Length
	}
	if _, err := i.message.ReadFrom(payload{i.from}); err != nil || !head.Fin {
		return err
	}
	return i.pass()
}

func (i *inspector) pass() error {
	message := i.message.Bytes()
	if i.kind == Text && !utf8.Valid(message) {
		return &Close{Code: uint16(ws.StatusInvalidFramePayloadData), Reason: "a text message is not UTF-8"}
	}
	passed, err := i.judge(message)
	if err != nil {
		return err
	}
	err = i.to.write(ws.OpCode(i.kind), true, passed)
	if i.message.Reset(); i.message.Cap() > keep {
		i.message = bytes.Buffer{}
	}
	if i.taken > 0 {
		i.relay.Room.Give(i.taken)
		i.taken = 0
	}
	return err
}

// judge takes a panic as a refusal: a message that a parser stumbles over must not end every other connection of the process.
func (i *inspector) judge(message []byte) (passed []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("judging a message panicked with %v: %w", p, &Close{Code: internal, Reason: "the message cannot be judged"})
		}
	}()
	passed, refused := i.relay.Judge(i.kind, message)
	if refused != nil {
		return nil, refused
	}
	return passed, nil
}
