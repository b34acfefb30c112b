package control

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
)

// Frame types. Lower case goes to the supervisor, upper case to the client.
const (
	frameMessage = 'J' // both ways: a JSON request or reply
	frameInput   = 'i'
	frameEOF     = 'e' // the input has ended
	frameResize  = 'w' // two 16-bit numbers: rows, columns
	frameSignal  = 's' // one byte
	frameOutput  = 'O'
	frameErrOut  = 'R'
	frameTaken   = 'T' // one input frame was passed on: the client may send another
	frameExit    = 'X' // 32-bit exit code; the last frame
)

const (
	maxMessage = 1 << 20
	maxChunk   = 32 << 10
	headerSize = 5

	// inputWindow is how many input frames may be on their way. Without it a
	// program that does not read its input would block resizes and signals.
	inputWindow = 8
)

// writeFrame sends one frame in a single write, so that frames of two writers
// under one lock never interleave.
func writeFrame(w io.Writer, kind byte, payload []byte) error {
	buf := make([]byte, headerSize, headerSize+len(payload))
	buf[0] = kind
	binary.BigEndian.PutUint32(buf[1:], uint32(len(payload)))
	_, err := w.Write(append(buf, payload...))
	return err
}

// readFrame reads one frame of at most limit bytes. The length is checked
// before anything is allocated: four bytes must not cost a gigabyte.
func readFrame(r io.Reader, limit int) (kind byte, payload []byte, err error) {
	var header [headerSize]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return 0, nil, err
	}
	size := binary.BigEndian.Uint32(header[1:])
	if int64(size) > int64(limit) {
		return 0, nil, fmt.Errorf("frame of %d bytes, the limit is %d", size, limit)
	}
	payload = make([]byte, size)
	if _, err := io.ReadFull(r, payload); err != nil {
		return 0, nil, err
	}
	return header[0], payload, nil
}

func writeMessage(w io.Writer, message any) error {
	data, err := json.Marshal(message)
	if err != nil {
		return fmt.Errorf("encode message: %w", err)
	}
	if len(data) > maxMessage {
		return Errorf(CodeBadRequest, "message of %d bytes, the limit is %d", len(data), maxMessage)
	}
	return writeFrame(w, frameMessage, data)
}

func readMessage(r io.Reader, message any) error {
	kind, data, err := readFrame(r, maxMessage)
	if err != nil {
		return err
	}
	if kind != frameMessage {
		return fmt.Errorf("frame of type %q where a message belongs", kind)
	}
	if err := json.Unmarshal(data, message); err != nil {
		return fmt.Errorf("decode message: %w", err)
	}
	return nil
}
