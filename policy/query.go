package policy

import (
	"errors"
	"fmt"
	"iter"
	"net/url"
	"strings"

	"exeat/policy/alike"
)

// param is what a rule says of one query key.
type param struct {
	key    string
	meant  string // the form of all keys that servers may take for it
	part   string // of it in brackets, if the key names one
	values []*glob
}

func newParam(key string, values []*glob) param {
	return param{key: key, meant: meant(key), part: alike.Part(key), values: values}
}

// meant is one form of all keys that servers may take for the same. Google's APIs, and others of gRPC, read "page_size"
// from "pageSize" as well (google.golang.org/protobuf, JSON names).
func meant(key string) string { return strings.ReplaceAll(alike.Parameter(key), "_", "") }

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

// some reports that the key, or what a server may take for it, is present with a value that matches.
func (p *param) some(query string) bool {
	for key, value := range pairs(query) {
		if p.mayBe(key) && p.matches(value) {
			return true
		}
	}
	return false
}

// twin reports a key that a server may take for this one.
func (p *param) twin(query string) bool {
	for key := range pairs(query) {
		if key != p.key && p.mayBe(key) {
			return true
		}
	}
	return false
}

// mayBe reports a key that is this one to some server. The parts of one name, "page[size]" and "page[number]", differ.
func (p *param) mayBe(key string) bool {
	return key == p.key || meant(key) == p.meant && (p.part == "" || alike.Part(key) == p.part)
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

// override is the method that a parameter asks for and frameworks execute in place of the request's own. More than
// one is an error, since frameworks pick different ones. Some split at semicolons too.
func override(query string) (string, error) {
	if !mayOverride(query) {
		return "", nil
	}
	found := ""
	for key, value := range pairs(strings.ReplaceAll(query, ";", "&")) {
		asked, err := OverrideIn(key, value)
		if err != nil {
			return "", fmt.Errorf("the query's %s %w", key, err)
		}
		if asked != "" && found != "" {
			return "", errors.New("the query asks for another method twice")
		}
		found += asked
	}
	return found, nil
}

// OverrideIn is the method that a parameter of a query or a form asks for, both decoded, or "": Rails, Laravel, Symfony
// and Spring read it from _method, Salesforce from _HttpMethod, Google's APIs from $httpMethod, ASP.NET and Firebase from
// X-HTTP-Method-Override, and Facebook from method, which is not always meant so. A value that is no method is an error.
func OverrideIn(key, value string) (string, error) {
	value = strings.ToUpper(value)
	switch alike.Parameter(key) {
	case "_method", "_httpmethod", "$httpmethod", "x-http-method-override":
		if value != "" && !isToken(value) {
			return "", errors.New("is no method")
		}
		return value, nil
	case "method":
		if methodBit(value)&(methodPost|methodPut|methodPatch|methodDelete) != 0 {
			return value, nil
		}
	}
	return "", nil
}

// mayOverride spares the common query the decoding.
func mayOverride(query string) bool {
	return strings.IndexByte(query, '%') >= 0 || strings.Contains(strings.ToLower(query), "method")
}
