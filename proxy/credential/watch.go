package credential

import (
	"bytes"
	"encoding/base64"
	"io"
)

// signs are the texts that give placeholders away, and whose they are: a placeholder itself, or what
// base64 makes of it.
type signs struct {
	owners []string
	finder *finder
}

func signsOf(bindings ...binding) *signs {
	s, texts := &signs{}, [][]byte{}
	for _, b := range bindings {
		texts, s.owners = append(texts, []byte(b.placeholder)), append(s.owners, b.provider.Name)
		for _, core := range cores(b.placeholder, base64.StdEncoding) { // letters and digits: the URL alphabet makes the same
			texts, s.owners = append(texts, []byte(core)), append(s.owners, b.provider.Name)
		}
	}
	if len(texts) > 0 {
		s.finder = newFinder(texts)
	}
	return s
}

// Carries tells whether a placeholder stands in data: as it is, percent-encoded, with escapes of JSON,
// or in base64, as in Basic. Who hides it otherwise has something that is worth nothing.
func (in *Injector) Carries(data []byte) bool { return in.state().signs.in(data) != "" }

// in names the provider whose placeholder stands in data, or "".
func (s *signs) in(data []byte) string {
	if s == nil || s.finder == nil {
		return ""
	}
	return newViews().find(s, data)
}

// Watch passes a body on, and ends it with a *Misuse instead of the bytes that complete a placeholder,
// in any form that Carries knows. It keeps no more of the body than a placeholder is long.
func (in *Injector) Watch(r io.Reader) io.Reader {
	s := in.state().signs
	if s == nil || s.finder == nil {
		return r
	}
	return &watched{r: r, signs: s, views: newViews()}
}

type watched struct {
	r     io.Reader
	signs *signs
	views views
	err   error
}

func (w *watched) Read(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	n, err := w.r.Read(p[:min(len(p), maxStep)])
	if name := w.views.find(w.signs, p[:n]); name != "" {
		w.err = &Misuse{Provider: name, Place: "the body"}
		return 0, w.err
	}
	return n, err
}

// maxStep bounds what a view decodes at once.
const maxStep = 32 << 10

// views are a body as each of the decoders reads it; the first is the body as it stands.
type views []*view

func newViews() views {
	return views{{decode: decodeNothing}, {decode: decodePercent, escape: '%'}, {decode: decodeJSON, escape: '\\'}}
}

// view is a body as one decoder reads it, piece by piece.
type view struct {
	decode decoder
	escape byte   // with which everything begins that it reads in its own way; 0: nothing does
	rest   []byte // not decoded yet
	tail   []byte // decoded, in which a sign may have begun
	window []byte // reused
}

// find takes the next piece and names the provider of the sign that it completes, or "".
func (v views) find(s *signs, piece []byte) string {
	before := bytes.Clone(v[0].tail)
	for _, each := range v {
		if each.escape != 0 && each.agrees(before, piece) {
			each.tail = append(each.tail[:0], v[0].tail...)
			continue
		}
		if name := each.find(s, piece); name != "" {
			return name
		}
	}
	return ""
}

// agrees tells whether this view of a piece is the piece as it stands, in which nothing was found.
func (v *view) agrees(before, piece []byte) bool {
	return len(v.rest) == 0 && bytes.IndexByte(piece, v.escape) < 0 && bytes.Equal(v.tail, before)
}

func (v *view) find(s *signs, piece []byte) string {
	v.rest = append(v.rest, piece...)
	decoded, rest := v.decode(append(v.window[:0], v.tail...), v.rest)
	v.window, v.rest = decoded, append(v.rest[:0], rest...)
	if _, k := s.finder.find(decoded, 0); k >= 0 {
		return s.owners[k]
	}
	v.tail = append(v.tail[:0], decoded[max(0, len(decoded)-s.finder.longest+1):]...)
	return ""
}
