package proxy_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
)

// heard is one request as an origin with no tolerance reads it.
type heard struct {
	conn                 net.Conn // the origin's end
	method, target, host string
	fields               []string // "name: value", the name in lower case
	body                 string
	trailers             []string
}

// String is method, target and, in brackets, the body.
func (h heard) String() string {
	if h.body == "" {
		return h.method + " " + h.target
	}
	return fmt.Sprintf("%s %s [%s]", h.method, h.target, h.body)
}

// hostname is the host without the port.
func (h heard) hostname() string {
	name, _, _ := strings.Cut(h.host, ":")
	return name
}

// field is a field's value, and whether it is there.
func (h heard) field(name string) (string, bool) {
	for _, f := range h.fields {
		if value, ok := strings.CutPrefix(f, name+": "); ok {
			return value, true
		}
	}
	return "", false
}

// hear reads one request. It is a second parser, written from RFC 9112 and stricter: whatever the proxy
// sends that has two readings is an error here. io.EOF means that no request began.
func hear(r *bufio.Reader, w io.Writer) (heard, error) {
	h, err := hearHead(r)
	if err != nil {
		return h, err
	}
	if _, waits := h.field("expect"); waits {
		_, _ = io.WriteString(w, "HTTP/1.1 100 Continue\r\n\r\n")
	}
	h.body, h.trailers, err = hearBody(r, h)
	return h, err
}

func hearHead(r *bufio.Reader) (heard, error) {
	line, err := crlfLine(r)
	if err != nil {
		return heard{}, err
	}
	parts := strings.Split(line, " ")
	if len(parts) != 3 || parts[2] != "HTTP/1.1" || parts[0] != strings.ToUpper(parts[0]) || !strings.HasPrefix(parts[1], "/") {
		return heard{}, fmt.Errorf("request line %q", line)
	}
	if strings.ContainsFunc(parts[1], func(c rune) bool { return c <= ' ' || c >= 0x7f || c == '#' || c == '\\' }) {
		return heard{}, fmt.Errorf("target %q", parts[1])
	}
	h := heard{method: parts[0], target: parts[1]}
	if h.fields, err = fieldLines(r); err != nil {
		return h, fmt.Errorf("in the head of %s: %w", h, err)
	}
	hosts := 0
	for _, f := range h.fields {
		if value, ok := strings.CutPrefix(f, "host: "); ok {
			h.host, hosts = value, hosts+1
		}
	}
	if hosts != 1 {
		return h, fmt.Errorf("%d Host fields", hosts)
	}
	return h, nil
}

// hearBody takes exactly one length, or chunks, or none.
func hearBody(r *bufio.Reader, h heard) (string, []string, error) {
	var lengths, codings []string
	for _, f := range h.fields {
		if v, ok := strings.CutPrefix(f, "content-length: "); ok {
			lengths = append(lengths, v)
		}
		if v, ok := strings.CutPrefix(f, "transfer-encoding: "); ok {
			codings = append(codings, v)
		}
	}
	switch {
	case len(lengths)+len(codings) == 0:
		return "", nil, nil
	case len(lengths)+len(codings) > 1, len(codings) == 1 && codings[0] != "chunked":
		return "", nil, fmt.Errorf("lengths %q, codings %q", lengths, codings)
	case len(codings) == 1:
		return chunks(r)
	}
	n, err := strconv.ParseUint(lengths[0], 10, 31)
	if err != nil || strconv.FormatUint(n, 10) != lengths[0] {
		return "", nil, fmt.Errorf("length %q", lengths[0])
	}
	b := make([]byte, n)
	_, err = io.ReadFull(r, b)
	return string(b), nil, broken(err)
}

func chunks(r *bufio.Reader) (string, []string, error) {
	var body strings.Builder
	for {
		line, err := crlfLine(r)
		if err != nil {
			return "", nil, broken(err)
		}
		n, err := strconv.ParseUint(line, 16, 31)
		if err != nil {
			return "", nil, fmt.Errorf("chunk size %q", line)
		}
		if n == 0 {
			trailers, err := fieldLines(r)
			return body.String(), trailers, err
		}
		if _, err := io.CopyN(&body, r, int64(n)); err != nil {
			return "", nil, broken(err)
		}
		if end, err := crlfLine(r); err != nil || end != "" {
			return "", nil, fmt.Errorf("a chunk of %d ends in %q: %w", n, end, broken(err))
		}
	}
}

func fieldLines(r *bufio.Reader) ([]string, error) {
	var fields []string
	for {
		line, err := crlfLine(r)
		if err != nil || line == "" {
			return fields, broken(err)
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || name == "" || strings.ContainsAny(name, " \t") {
			return nil, fmt.Errorf("field %q", line)
		}
		fields = append(fields, strings.ToLower(name)+": "+strings.Trim(value, " "))
	}
}

// crlfLine is a line without its end, which is CR LF and nothing else.
func crlfLine(r *bufio.Reader) (string, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		if line != "" {
			err = io.ErrUnexpectedEOF
		}
		return "", err
	}
	line, ok := strings.CutSuffix(line, "\r\n")
	if !ok || strings.ContainsAny(line, "\r\x00") {
		return "", fmt.Errorf("line %q", line)
	}
	return line, nil
}

// broken says that a request ended in its middle: that is no request, and nothing to act on.
func broken(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
