package credential

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strings"
)

// minMasked is the shortest secret that is masked: a shorter one stands in answers by chance.
const minMasked = 8

// Masked tells whether answers that repeat the secret are masked.
func (v Value) Masked() bool { return len(v.Reveal()) >= minMasked }

// swap is a form of a secret and the same form of its placeholder.
type swap struct{ from, to []byte }

// swaps exchange all forms of all secrets in one pass.
type swaps struct {
	finder  *finder
	to      [][]byte
	secrets []string // in small letters
}

// names tells whether the name of a field has a secret in it; such names lose their case on the way.
func (s *swaps) names(field string) bool {
	return len(field) >= minMasked && slices.ContainsFunc(s.secrets, func(secret string) bool {
		return len(field) >= len(secret) && strings.Contains(strings.ToLower(field), secret)
	})
}

// swapsOf are those of the bindings, the longest first and each text once; nil where there is none.
func swapsOf(bindings []binding) *swaps {
	s, all := &swaps{}, []swap{}
	for _, b := range bindings {
		for _, secret := range append([]Value{b.secret}, b.past...) {
			if secret.Masked() {
				all = append(all, formsOf(secret.Reveal(), b.placeholder)...)
				s.secrets = append(s.secrets, strings.ToLower(secret.Reveal()))
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	slices.SortStableFunc(all, func(a, b swap) int {
		return cmp.Or(cmp.Compare(len(b.from), len(a.from)), bytes.Compare(a.from, b.from))
	})
	all = slices.CompactFunc(all, func(a, b swap) bool { return bytes.Equal(a.from, b.from) })
	from := [][]byte{}
	for _, one := range all {
		from, s.to = append(from, one.from), append(s.to, one.to)
	}
	s.finder = newFinder(from)
	return s
}

func formsOf(secret, placeholder string) []swap {
	var all []swap
	for _, form := range []func(string) string{
		same, plainJSON, carefulJSON, slashJSON, netJSON, gsonJSON, url.QueryEscape, url.PathEscape, strictEscape, slashEscape, componentEscape,
		everyEscape, lowerHex(everyEscape), html.EscapeString, quotHTML, lowerHex(url.QueryEscape), lowerHex(url.PathEscape), lowerHex(strictEscape), lowerHex(slashEscape),
	} {
		all = append(all, swap{[]byte(form(secret)), []byte(form(placeholder))})
	}
	filler := strings.Repeat(placeholder, len(secret)/len(placeholder)+1)[:len(secret)]
	for _, alphabet := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		// As long as it was: what follows in the same base64 text keeps its meaning.
		from, to := cores(secret, alphabet), cores(filler, alphabet)
		for i := range from {
			all = append(all, swap{[]byte(from[i]), []byte(to[i])})
		}
	}
	return all
}

func same(s string) string { return s }

// plainJSON is the inside of a JSON string with as few escapes as there can be.
func plainJSON(s string) string { return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) }

// carefulJSON also escapes what a browser could take for markup, as Go and others do.
func carefulJSON(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		return s // a string always can
	}
	return string(text[1 : len(text)-1])
}

// everyEscape escapes what is neither letter nor digit, as .NET may.
func everyEscape(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r < 0x80 && !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9') {
			fmt.Fprintf(&b, `\u%04X`, r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// slashJSON also escapes slashes, as PHP does.
func slashJSON(s string) string { return strings.ReplaceAll(plainJSON(s), "/", `\/`) }

// netJSON is as System.Text.Json of .NET writes strings.
func netJSON(s string) string {
	return byNumber(strings.ReplaceAll(s, `\`, `\\`), "\"&'+<>`", `\u%04X`)
}

// gsonJSON is as Gson of Java does.
func gsonJSON(s string) string { return byNumber(plainJSON(s), "&'<=>", `\u%04x`) }

// byNumber writes some letters of a JSON string by their numbers.
func byNumber(s, letters, format string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune(letters, r) {
			fmt.Fprintf(&b, format, r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// strictEscape leaves nothing but what is unreserved (RFC 3986 2.3).
func strictEscape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// componentEscape leaves some more, as encodeURIComponent of JavaScript does.
func componentEscape(s string) string {
	return strings.NewReplacer("%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*").Replace(strictEscape(s))
}

// slashEscape also leaves slashes, as Python's quote does.
func slashEscape(s string) string { return strings.ReplaceAll(strictEscape(s), "%2F", "/") }

// lowerHex writes the digits of escapes as .NET does.
func lowerHex(escape func(string) string) func(string) string {
	return func(s string) string {
		out := []byte(escape(s))
		for i := 0; i+2 < len(out); i++ {
			if out[i] == '%' || out[i] == 'u' && i > 0 && out[i-1] == '\\' {
				end := min(i+map[byte]int{'%': 3, 'u': 5}[out[i]], len(out))
				copy(out[i:], bytes.ToLower(out[i:end]))
			}
		}
		return string(out)
	}
}

// quotHTML is as PHP and most templates escape HTML; Go writes quotation marks as numbers.
func quotHTML(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#039;").Replace(s)
}
