package strictjson

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// text reads a string, whose opening quote is next, and decodes it.
func (p *parser) text() (string, error) {
	start := p.at
	p.at++
	var out []byte
	for p.at < len(p.data) {
		c := p.data[p.at]
		switch {
		case c == '"':
			p.at++
			return string(out), nil
		case c < ' ':
			return "", p.fail(p.at, "a control character stands in a string without an escape")
		case c != '\\':
			p.at++
			out = append(out, c)
			continue
		}
		r, err := p.escape()
		if err != nil {
			return "", err
		}
		out = utf8.AppendRune(out, r)
	}
	return "", p.fail(start, "a string has no end")
}

// escape reads a backslash and what belongs to it (section 7).
func (p *parser) escape() (rune, error) {
	start, named, means := p.at, `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	if start+1 < len(p.data) {
		if i := bytes.IndexByte([]byte(named), p.data[start+1]); i >= 0 {
			p.at += 2
			return rune(means[i]), nil
		}
	}
	first, ok := p.unit()
	if !ok {
		return 0, p.fail(start, "a backslash begins no escape of JSON")
	}
	if !utf16.IsSurrogate(first) {
		return first, nil
	}
	second, _ := p.unit()
	if r := utf16.DecodeRune(first, second); r != utf8.RuneError {
		return r, nil
	}
	return 0, p.fail(start, "an escape is half a surrogate pair")
}

// unit reads one \uXXXX.
func (p *parser) unit() (rune, bool) {
	rest := p.data[p.at:]
	if len(rest) < 6 || rest[0] != '\\' || rest[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(rest[2:6]), 16, 16)
	if err != nil {
		return 0, false
	}
	p.at += 6
	return rune(n), true
}

// bare reads a number or one of the three literals: all up to the next space or punctuation.
func (p *parser) bare() (Value, error) {
	start := p.at
	for p.at < len(p.data) && bytes.IndexByte([]byte(" \t\r\n,:[]{}\""), p.data[p.at]) < 0 {
		p.at++
	}
	switch word := p.data[start:p.at]; {
	case len(word) == 0:
		return Value{}, p.fail(start, "a value is missing")
	case string(word) == "null":
		return Value{kind: Null, text: "null"}, nil
	case string(word) == "true" || string(word) == "false":
		return Value{kind: Bool, text: string(word)}, nil
	case (word[0] == '-' || word[0] >= '0' && word[0] <= '9') && json.Valid(word):
		return Value{kind: Number, text: string(word)}, nil
	}
	return Value{}, p.fail(start, "neither a number nor true, false or null")
}
