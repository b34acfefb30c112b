package websocket

import "github.com/gobwas/ws"

// rules hold the frames of one direction to RFC 6455 section 5.
type rules struct {
	masked bool // a client masks, a server does not (section 5.1)
	open   bool // a fragmented message waits for its continuation (section 5.4)
}

// check looks at the header of the next frame.
func (r *rules) check(h ws.Header) error {
	switch {
	case h.Rsv != 0:
		return broken("a reserved bit is set, and no extension was agreed on")
	case h.Masked != r.masked && r.masked:
		return broken("a frame of the client is not masked")
	case h.Masked != r.masked:
		return broken("a frame of the server is masked")
	case h.OpCode.IsReserved():
		return broken("a frame has a reserved opcode")
	case h.OpCode.IsControl():
		return checkControl(h)
	}
	return r.checkOrder(h)
}

func checkControl(h ws.Header) error {
	if !h.Fin || h.Length > ws.MaxControlFramePayloadSize {
		return broken("a control frame is fragmented or larger than 125 bytes")
	}
	return nil
}

func (r *rules) checkOrder(h ws.Header) error {
	continues := h.OpCode == ws.OpContinuation
	switch {
	case continues && !r.open:
		return broken("a continuation frame continues nothing")
	case !continues && r.open:
		return broken("a message begins within another one")
	}
	r.open = !h.Fin
	return nil
}
