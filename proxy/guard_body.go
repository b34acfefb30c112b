package proxy

import (
	"strconv"
)

// Bounds of net/http's, which would end the stream without saying that the client is to blame: digits of
// a chunk's size, and bytes of trailers.
const (
	maxChunkDigits = 16
	maxTrailers    = 4 << 10
)

// chunkLine is the step in front of a chunk: its size in hexadecimal, and nothing else. Extensions
// (RFC 9112 7.1.1) carry no meaning here and have hidden requests elsewhere.
func (g *guard) chunkLine(b byte) *violation {
	line, complete, v := g.collect(b)
	if v != nil || !complete {
		return v
	}
	n, err := strconv.ParseUint(string(line), 16, 62)
	if err != nil || len(line) > maxChunkDigits {
		return bad("a chunk's size is not a plain hexadecimal number")
	}
	g.size = 0
	if n == 0 {
		g.step = (*guard).trailerLine
		return nil
	}
	g.left, g.step = int64(n), (*guard).chunkEnd
	return nil
}

// chunkEnd is the step behind a chunk's data.
func (g *guard) chunkEnd(b byte) *violation {
	line, complete, v := g.collect(b)
	if v != nil || !complete {
		if len(g.line) > 1 {
			return bad("a chunk is longer than its size says")
		}
		return v
	}
	if len(line) != 0 {
		return bad("a chunk is longer than its size says")
	}
	g.step = (*guard).chunkLine
	return nil
}

// trailerLine is the step behind the last chunk.
func (g *guard) trailerLine(b byte) *violation {
	line, complete, v := g.collect(b)
	switch {
	case v == nil && g.size >= maxTrailers:
		return tooLarge("the trailers are not smaller than %d bytes", maxTrailers)
	case v != nil || !complete:
		return v
	case len(line) == 0:
		g.reset()
		return nil
	}
	_, _, v = splitField(line)
	return v
}
