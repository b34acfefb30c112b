package proxy

import (
	"bytes"
	"net/http"
	"strings"
)

// guard reads along while net/http parses the requests of one connection, and is stricter. What the
// two could understand differently from the origin behind us is where request smuggling lives: two
// lengths, folded fields, bare line feeds, chunk extensions. net/http accepts and rewrites most of
// those; here they end the connection. The zero value stands before a request line.
type guard struct {
	max    int // bytes of one head, trailers included
	step   func(*guard, byte) *violation
	line   []byte
	size   int
	left   int64 // bytes of a body or a chunk still to come
	head   head
	last   head // the head that was complete before this one
	chunks bool // after last come chunks
	ended  *violation

	tunnels bool // CONNECT is understood here
	blind   bool // one went by: the rest is not ours to read
}

// maxKeptLine is how long a line's memory may be to be kept while a connection is idle.
const maxKeptLine = 1 << 10

// head is what a request's head said so far.
type head struct {
	method, target    string
	old               bool // HTTP/1.0
	hosts             int
	length            int64
	lengths, codings  int
	requestLineIsRead bool
}

func newGuard(limit int, tunnels bool) *guard {
	return &guard{max: limit, tunnels: tunnels, step: (*guard).headLine}
}

// feed reads p and returns how many of its bytes may be passed on. Fewer than all means that the
// stream has ended with the violation; the line feed that completes an offending line is held back,
// so that net/http never sees it whole.
func (g *guard) feed(p []byte) (int, *violation) {
	for i := 0; i < len(p); {
		if g.ended != nil {
			return i, g.ended
		}
		if g.blind {
			return len(p), nil
		}
		if g.left > 0 {
			n := min(g.left, int64(len(p)-i))
			g.left -= n
			i += int(n)
			continue
		}
		if n := g.gather(p[i:]); n > 0 {
			i += n
			continue
		}
		if v := g.step(g, p[i]); v != nil {
			h := g.head
			if g.chunks {
				h = g.last
			}
			v.Method, v.Target = h.method, h.target
			g.ended = v
			return i, v
		}
		i++
	}
	return len(p), nil
}

// gather collects what of p lies before the end of a line at once. Heads are most of what is read here; the
// lines of chunks are looked at byte by byte, because some of them end the stream before they end.
func (g *guard) gather(p []byte) int {
	if g.chunks {
		return 0
	}
	n := bytes.IndexByte(p, '\n')
	if n < 0 {
		n = len(p)
	}
	n = min(n, g.max-g.size)
	g.line = append(g.line, p[:n]...)
	g.size += n
	return n
}

// collect gathers one line and returns it, without its end, when it is complete.
func (g *guard) collect(b byte) (line []byte, complete bool, v *violation) {
	if g.size++; g.size > g.max {
		return nil, false, tooLarge("the request's head is larger than %d bytes", g.max)
	}
	if b != '\n' {
		g.line = append(g.line, b)
		return nil, false, nil
	}
	line, ok := bytes.CutSuffix(g.line, []byte{'\r'})
	if !ok {
		return nil, false, bad("a line ends in a bare line feed")
	}
	if i := bytes.IndexByte(line, '\r'); i >= 0 {
		return nil, false, bad("a line contains a carriage return")
	}
	g.line = g.line[:0]
	return line, true, nil
}

// headLine is the step inside a head: the request line, then fields up to an empty line.
func (g *guard) headLine(b byte) *violation {
	line, complete, v := g.collect(b)
	switch {
	case v != nil || !complete:
		return v
	case !g.head.requestLineIsRead:
		g.head.requestLineIsRead = true
		return g.requestLine(line)
	case len(line) == 0:
		return g.endHead()
	}
	if g.size += fieldOverhead; g.size > g.max {
		return tooLarge("the request's head has too many fields for one of %d bytes, each counted with %d more", g.max, fieldOverhead)
	}
	return g.field(line)
}

// fieldOverhead is what a field takes in memory beside its text, as HTTP/2 counts it (RFC 9113 6.5.2).
const fieldOverhead = 32

func (g *guard) requestLine(line []byte) *violation {
	if bytes.Equal(line, []byte("PRI * HTTP/2.0")) {
		return &violation{Status: http.StatusHTTPVersionNotSupported, Reason: "HTTP/2 without TLS cannot be inspected: use https, or HTTP/1.1", HTTP2: true}
	}
	parts := strings.Split(string(line), " ")
	if len(parts) != 3 {
		return bad("the request line does not have three parts")
	}
	g.head.method, g.head.target = parts[0], parts[1]
	if !isToken(parts[0]) {
		return bad("the method is not a token")
	}
	if i := strings.IndexFunc(parts[1], notInTarget); i >= 0 || parts[1] == "" {
		return bad("the request target contains a byte that must be escaped")
	}
	switch parts[2] {
	case "HTTP/1.1":
	case "HTTP/1.0":
		g.head.old = true
	default:
		return &violation{Status: http.StatusHTTPVersionNotSupported, Reason: "the request is neither HTTP/1.1 nor HTTP/1.0"}
	}
	return nil
}

// notInTarget finds what RFC 9112 3.2 does not let stand in a request target: parsers disagree on
// where a path with "#" ends, and on what raw non-ASCII means.
func notInTarget(r rune) bool { return r <= ' ' || r >= 0x7f || r == '#' || r == '\\' }

// endHead decides how long the body is, the way RFC 9112 6.3 does, minus everything ambiguous.
func (g *guard) endHead() *violation {
	h := g.head
	switch {
	case h.lengths > 0 && h.codings > 0:
		return bad("both Content-Length and Transfer-Encoding")
	case h.codings > 0 && h.old:
		return bad("Transfer-Encoding in an HTTP/1.0 request")
	case h.hosts == 0 && !h.old:
		return bad("no Host field")
	case h.method == http.MethodConnect && !g.tunnels:
		return bad("CONNECT inside a connection: a sandbox needs no proxy, so unset https_proxy and http_proxy")
	case h.method == http.MethodConnect && (h.codings > 0 || h.length > 0):
		return bad("CONNECT with a body")
	}
	g.last = h
	g.reset()
	switch {
	case h.method == http.MethodConnect:
		g.blind = true
	case h.codings > 0:
		g.step, g.chunks = (*guard).chunkLine, true
	default:
		g.left = h.length
	}
	return nil
}

// reset stands before the next request line, or before chunks.
func (g *guard) reset() {
	g.size, g.line, g.head, g.step, g.chunks = 0, g.line[:0], head{}, (*guard).headLine, false
	if cap(g.line) > maxKeptLine {
		g.line = nil
	}
}
