// Package override finds the fields of a request's body by which web frameworks take another method than the request's own.
package override

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"exeat/policy"
)

// Error is why a body ends before a field that no server should read.
type Error struct{ text string }

func (e *Error) Error() string { return e.text }

// unreadable is for a body in which our fields cannot be told from others.
func unreadable() error { return &Error{"a form in the body cannot be read as every server would"} }

// Watch passes a body on. Of a field that asks for another method, nothing passes before asks has returned nil; else its
// error ends the body, or an *Error. Fields are those of forms, in either encoding, and of JSON objects, as Laravel takes
// them. A body of another type is returned as it is. The memory is that of one field's name and value.
func Watch(body io.Reader, contentType string, asks func(method string) error) io.Reader {
	for _, s := range scannersOf(contentType, &field{asks: asks, asked: map[string]error{}}) {
		body = &watched{body: body, scanner: s, piece: firstPiece}
	}
	return body
}

// scanner reads one kind of body.
type scanner interface {
	// scan returns how many bytes at the beginning of window may pass. The others are given again with more behind
	// them, unless they are the last.
	scan(window []byte, last bool) (pass int, err error)
}

// Reads reports a type of body that is looked at.
func Reads(contentType string) bool { return len(scannersOf(contentType, nil)) > 0 }

// IsPlain reports a type that is not looked at, or whose bytes are the letters that they look like: frameworks decode
// UTF-7 and UTF-16 too.
func IsPlain(contentType string) bool {
	_, charset, named := strings.Cut(strings.ToLower(contentType), "charset")
	if !named || !Reads(contentType) {
		return true
	}
	charset = strings.Trim(charset, " \t=\"'")
	for _, usual := range []string{"utf-8", "utf8", "us-ascii", "iso-8859-1"} {
		if rest, ok := strings.CutPrefix(charset, usual); ok && (rest == "" || strings.ContainsAny(rest[:1], "; \"'")) {
			return !strings.Contains(rest, "charset")
		}
	}
	return false
}

// scannersOf chooses as the most liberal of frameworks do: Rack takes a body without a type for a form, and Laravel looks
// for "/json" anywhere in the field.
func scannersOf(contentType string, f *field) []scanner {
	var all []scanner
	kind := strings.ToLower(strings.TrimSpace(contentType))
	if kind == "" || strings.Contains(kind, "x-www-form-urlencoded") {
		all = append(all, &pairs{field: f})
	}
	if strings.Contains(kind, "multipart/") {
		all = append(all, &parts{field: f, patterns: compiled()})
	}
	if strings.Contains(kind, "json") {
		all = append(all, &members{field: f})
	}
	return all
}

// maxAsked is how many different methods a body may ask for.
const maxAsked = 16

// field asks about what fields hold, of each method once: each question may leave a record.
type field struct {
	asks  func(method string) error
	asked map[string]error
}

// found takes a field's name and value, both decoded.
func (f *field) found(name, value string) error {
	method, err := policy.OverrideIn(name, value)
	switch {
	case err != nil:
		return &Error{fmt.Sprintf("the body's %s %v", name, err)}
	case method == "":
		return nil
	}
	if err, known := f.asked[method]; known {
		return err
	}
	if len(f.asked) >= maxAsked {
		return unreadable()
	}
	f.asked[method] = f.asks(method)
	return f.asked[method]
}

// ours reports a name under which methods are asked for.
func ours(name string) bool {
	method, _ := policy.OverrideIn(name, "PUT")
	return method != ""
}

// Bytes that are read at once: a short body does not take the room of a long one.
const (
	firstPiece = 4 << 10
	maxPiece   = 32 << 10
)

// watched is a body on its way.
type watched struct {
	body    io.Reader
	scanner scanner
	piece   int
	room    []byte
	window  []byte // of room: read, and not given yet
	pass    int    // bytes of it that may be
	err     error  // after those
}

func (w *watched) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for w.pass == 0 {
		if w.err != nil {
			return 0, w.err
		}
		w.more()
	}
	n := copy(p, w.window[:w.pass])
	w.window, w.pass = w.window[n:], w.pass-n
	return n, nil
}

// more reads, and finds out how much of it may pass. A body over which a scanner stumbles must not end the process.
func (w *watched) more() {
	defer func() {
		if recover() != nil {
			w.pass, w.err = 0, unreadable()
		}
	}()
	w.room = slices.Grow(append(w.room[:0], w.window...), w.piece)
	have := len(w.room)
	n, err := w.body.Read(w.room[have : have+w.piece])
	w.window = w.room[:have+n]
	if n == w.piece {
		w.piece = maxPiece
	}
	pass, wrong := w.scanner.scan(w.window, errors.Is(err, io.EOF))
	w.pass, w.err = pass, err
	if wrong != nil {
		w.err = wrong
	}
}
