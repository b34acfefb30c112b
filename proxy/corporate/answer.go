package corporate

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
)

// maxAnswer bounds the header of an answer, in bytes.
const maxAnswer = 16 << 10

// statusLine is RFC 9112 4, with or without a reason.
var statusLine = regexp.MustCompile(`^HTTP/1\.[01] ([1-9][0-9]{2})(?: [^\r\n]*)?\r?\n`)

// readAnswer reads the header of an answer and returns its status. It reads byte by byte: what follows
// are the origin's own bytes, since a server may speak first, and the connection has to stay a bare
// socket for the kernel to splice it.
func readAnswer(r io.Reader) (status int, err error) {
	head, one := make([]byte, 0, 256), make([]byte, 1)
	for !bytes.HasSuffix(head, []byte("\n\r\n")) && !bytes.HasSuffix(head, []byte("\n\n")) {
		if len(head) == maxAnswer {
			return 0, errors.New("its answer has too long a header")
		}
		if _, err := io.ReadFull(r, one); err != nil {
			return 0, err
		}
		head = append(head, one[0])
	}
	found := statusLine.FindSubmatch(head)
	if found == nil {
		return 0, errors.New("its answer is not HTTP")
	}
	return strconv.Atoi(string(found[1]))
}
