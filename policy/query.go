package policy

import (
	"errors"
	"iter"
	"net/url"
	"strings"
)

// param is what a rule says of one query key.
type param struct {
	key    string
	values []*glob
}

// matches reports whether one of the globs matches value.
func (p *param) matches(value string) bool {
	for _, g := range p.values {
		if g.match(value) {
			return true
		}
	}
	return false
}

// all reports that the key is present and each of its values matches.
func (p *param) all(query string) bool {
	present := false
	for key, value := range pairs(query) {
		if key != p.key {
			continue
		}
		if !p.matches(value) {
			return false
		}
		present = true
	}
	return present
}

// some reports that the key is present with a value that matches.
func (p *param) some(query string) bool {
	for key, value := range pairs(query) {
		if key == p.key && p.matches(value) {
			return true
		}
	}
	return false
}

// checkQuery refuses a query string that servers read in different ways.
func checkQuery(query string) error {
	for i := 0; i < len(query); i++ {
		switch c := query[i]; {
		case c <= ' ' || c == 0x7f:
			return errors.New("the query holds a control byte or a space")
		case c >= 0x80:
			return errors.New("the query holds a byte that is not ASCII")
		case c == '#':
			return errors.New("the query holds a #")
		case c == '%':
			if _, ok := unescape(query[i:]); !ok {
				return errors.New("the query holds a % that starts no escape")
			}
		}
	}
	return nil
}

// pairs are the decoded pairs of a query string that checkQuery accepts.
func pairs(query string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for query != "" {
			var pair string
			pair, query, _ = strings.Cut(query, "&")
			if pair == "" {
				continue
			}
			key, value, _ := strings.Cut(pair, "=")
			if !yield(decodeQuery(key), decodeQuery(value)) {
				return
			}
		}
	}
}

// decodeQuery decodes one key or value, whose escapes are known to be good.
func decodeQuery(s string) string {
	if strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '+') < 0 {
		return s
	}
	decoded, _ := url.QueryUnescape(s)
	return decoded
}

// override is the method that a `_method` parameter asks for: Rails, Laravel,
// Symfony and others execute it in place of the request's own. More than one is
// an error, since frameworks pick different ones. Some split at semicolons too.
func override(query string) (string, error) {
	if !mayOverride(query) {
		return "", nil
	}
	found := ""
	for key, value := range pairs(strings.ReplaceAll(query, ";", "&")) {
		if !strings.EqualFold(key, "_method") || value == "" {
			continue
		}
		if found != "" {
			return "", errors.New("the query holds _method twice")
		}
		if !isToken(value) {
			return "", errors.New("the query's _method is no method")
		}
		found = strings.ToUpper(value)
	}
	return found, nil
}

// mayOverride spares the common query the decoding.
func mayOverride(query string) bool {
	return strings.IndexByte(query, '%') >= 0 || strings.IndexByte(query, '_') >= 0
}
