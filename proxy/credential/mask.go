package credential

import (
	"io"
	"net/http"
	"slices"
)

// MaskHeader puts the placeholder back wherever a header's value repeats a secret. A field that repeats one in its name
// is left out: the placeholder would be a name that nobody looks for.
func (in *Injector) MaskHeader(h http.Header) {
	swaps := in.state().swaps
	if swaps == nil {
		return
	}
	for key, values := range h {
		if swaps.names(key) {
			delete(h, key)
			continue
		}
		for i, v := range values {
			if len(v) < swaps.finder.shortest {
				continue
			}
			masked, _ := swaps.exchange(nil, []byte(v), true)
			values[i] = string(masked)
		}
	}
}

// Mask passes an answer's body on with the placeholder wherever it repeats a secret: as it is, with
// escapes of JSON, percent-encoded, or in base64, as in Basic. Only bytes that may be the beginning of
// a secret wait for the next ones, so that an event of a stream is not held back. A secret that was
// replaced lately is masked too.
func (in *Injector) Mask(r io.ReadCloser) io.ReadCloser {
	if in.state().swaps == nil {
		return r
	}
	return &masked{ReadCloser: r, in: in, piece: firstPiece}
}

// MaskKeepsLength reports that each text which Mask puts in is as long as the one it replaces, so that a
// masked body has the length that was announced.
func (in *Injector) MaskKeepsLength() bool {
	swaps := in.state().swaps
	if swaps == nil {
		return true
	}
	for i, text := range swaps.finder.texts {
		if len(text) != len(swaps.to[i]) {
			return false
		}
	}
	return true
}

// Bytes of an answer that are looked at together, which grow with the answer.
const (
	firstPiece = 2 << 10
	maxPiece   = 8 << 10
)

type masked struct {
	io.ReadCloser
	in     *Injector
	piece  int    // room for so many bytes more
	window []byte // not decided yet
	ready  []byte // masked
	given  int    // of ready
	err    error  // once the body has ended
}

func (m *masked) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for m.given == len(m.ready) {
		if m.err != nil {
			return 0, m.err
		}
		m.fill()
		var rest []byte
		m.ready, rest = m.in.state().swaps.exchange(m.ready[:0], m.window, m.err != nil)
		m.window, m.given = append(m.window[:0], rest...), 0
	}
	n := copy(p, m.ready[m.given:])
	m.given += n
	return n, nil
}

// fill reads the next bytes into the window.
func (m *masked) fill() {
	have := len(m.window)
	m.window = slices.Grow(m.window, m.piece)
	var n int
	n, m.err = m.ReadCloser.Read(m.window[have : have+m.piece])
	m.window = m.window[:have+n]
	if n == m.piece {
		m.piece = maxPiece
	}
}

// exchange appends window to dst with every text exchanged, leftmost first and of several there the
// longest, and returns what has to wait for more. Last says that no more comes. None of the secrets may be long enough
// any more, once the answer has begun.
func (s *swaps) exchange(dst, window []byte, last bool) (out, rest []byte) {
	if s == nil {
		return append(dst, window...), nil
	}
	at, end := 0, len(window)
	if !last {
		end = s.finder.begun(window)
	}
	for at < end {
		start, found := s.finder.find(window, at)
		if start >= end {
			break
		}
		dst = append(append(dst, window[at:start]...), s.to[found]...)
		at = start + len(s.finder.texts[found])
	}
	if at < end {
		dst, at = append(dst, window[at:end]...), end
	}
	return dst, window[at:]
}
