package credential

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/url"
	"strings"
)

// Body exchanges the placeholders in the body of a request for the secrets, for policies that ask for
// it. To is HOST[:PORT][/PATH] of the request, verified as with Apply. In JSON they are exchanged in
// the values of strings, in a form in the values of fields, in text/* wherever they stand; the other
// bytes stay as they are. The caller bounds the body and has decoded its Content-Encoding.
//
// Used names the providers whose secret went in. The error is a *Misuse, or an *Error for a body that
// carries a placeholder where none can be exchanged; nothing may be sent then.
func (in *Injector) Body(to string, verified bool, contentType string, body []byte) (out []byte, used []string, err error) {
	s, d := in.state(), destinationOf(to, nil)
	if s.signs.in(body) == "" {
		return body, nil, nil
	}
	var own []binding
	for _, b := range s.bindings {
		switch {
		case b.owns(d) && verified:
			own = append(own, b)
		case signsOf(b).in(body) != "":
			return nil, nil, b.misuse(d, "the body")
		}
	}
	rewrite := rewriterOf(contentType)
	if rewrite == nil {
		return nil, nil, &Error{Text: fmt.Sprintf("the body carries a credential, and none is put into a body of type %q", contentType)}
	}
	f := &filler{bindings: own}
	if out, err = rewrite(body, f); err != nil {
		return nil, nil, err
	}
	if f.added > maxAdded {
		return nil, nil, &Error{Text: fmt.Sprintf("the body asks for a credential so often that it would grow by more than %d bytes", maxAdded)}
	}
	return out, f.used(), nil
}

// rewriter exchanges in one kind of body.
type rewriter func(body []byte, f *filler) ([]byte, error)

func rewriterOf(contentType string) rewriter {
	kind, _, err := mime.ParseMediaType(contentType)
	switch {
	case err != nil:
		return nil
	case kind == "application/json" || kind == "text/json" || strings.HasPrefix(kind, "application/") && strings.HasSuffix(kind, "+json"):
		return rewriteJSON
	case kind == "application/x-www-form-urlencoded":
		return rewriteForm
	case strings.HasPrefix(kind, "text/"):
		return func(body []byte, f *filler) ([]byte, error) { return []byte(f.fill(string(body))), nil }
	}
	return nil
}

// maxAdded bounds what placeholders that are repeated can make of a body, in bytes.
const maxAdded = 1 << 20

// filler puts secrets into texts and remembers whose.
type filler struct {
	bindings []binding
	filled   map[string]bool
	added    int // bytes; above maxAdded nothing more is put in
}

func (f *filler) fill(text string) string {
	for _, b := range f.bindings {
		n := strings.Count(text, b.placeholder)
		if f.added += n * len(b.secret.Reveal()); n == 0 || f.added > maxAdded {
			continue
		}
		if f.filled == nil {
			f.filled = map[string]bool{}
		}
		text, f.filled[b.provider.Name] = strings.ReplaceAll(text, b.placeholder, b.secret.Reveal()), true
	}
	return text
}

// used names them in the order of the bindings.
func (f *filler) used() []string {
	var names []string
	for _, b := range f.bindings {
		if f.filled[b.provider.Name] {
			names = append(names, b.provider.Name)
		}
	}
	return names
}

// rewriteForm fills the values of a form, and encodes anew only those it changed.
func rewriteForm(body []byte, f *filler) ([]byte, error) {
	pairs := strings.Split(string(body), "&")
	for i, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		text, err := url.QueryUnescape(value)
		if err != nil {
			continue // a server that reads it all the same gets the placeholder
		}
		if filled := f.fill(text); filled != text {
			pairs[i] = name + "=" + url.QueryEscape(filled)
		}
	}
	return []byte(strings.Join(pairs, "&")), nil
}

// rewriteJSON fills the strings of a JSON text that are values. Names are never touched, and numbers,
// spaces and the order of members stay byte for byte.
func rewriteJSON(body []byte, f *filler) ([]byte, error) {
	if !json.Valid(body) {
		return nil, &Error{Text: "the body carries a credential and is not valid JSON, as its Content-Type says, so none can be put in"}
	}
	var out bytes.Buffer
	for len(body) > 0 {
		start := bytes.IndexByte(body, '"')
		if start < 0 {
			break
		}
		out.Write(body[:start])
		length := stringLength(body[start:])
		literal := body[start : start+length]
		body = body[start+length:]
		if !isName(body) {
			literal = fillLiteral(literal, f)
		}
		out.Write(literal)
	}
	out.Write(body)
	return out.Bytes(), nil
}

// stringLength is the length of the string literal that a valid JSON text begins with.
func stringLength(text []byte) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

// isName tells whether what follows a string makes it a member's name.
func isName(after []byte) bool {
	after = bytes.TrimLeft(after, " \t\r\n")
	return len(after) > 0 && after[0] == ':'
}

// fillLiteral decodes a string and encodes it again only where there is something to fill.
func fillLiteral(literal []byte, f *filler) []byte {
	var text string
	if json.Unmarshal(literal, &text) != nil {
		return literal
	}
	filled := f.fill(text)
	if filled == text {
		return literal
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	_ = e.Encode(filled) // a string always can, into memory
	return bytes.TrimRight(out.Bytes(), "\n")
}
