package risk

import (
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

func isWildcard(host string) bool { return strings.ContainsAny(host, "*?[") }

// bare is a host without its wildcard label.
func bare(host string) string {
	if first, rest, ok := strings.Cut(host, "."); ok && isWildcard(first) {
		return rest
	}
	return host
}

// hostsMeet says whether a pattern may stand for a name; it errs towards yes.
func hostsMeet(pattern, name string) bool {
	if !isWildcard(pattern) && !isWildcard(name) {
		return pattern == name
	}
	a, b := bare(pattern), bare(name)
	return a == b || strings.HasSuffix(a, "."+b) || strings.HasSuffix(b, "."+a)
}

// ownedBy names the part of a host that somebody registered: the rest of the
// name is theirs to choose and says nothing.
func ownedBy(host string) string {
	domain, err := publicsuffix.EffectiveTLDPlusOne(bare(host))
	if err != nil || domain == host {
		return ""
	}
	return " (whoever owns " + domain + " answers there)"
}

// unusualScript says what is odd about an international name, "" for a plain
// one. Names are shown as A-labels, so nobody mistakes them; this says why
// one should look twice.
func unusualScript(host string) string {
	for label := range strings.SplitSeq(host, ".") {
		if !strings.HasPrefix(label, "xn--") {
			continue
		}
		text, err := idna.Punycode.ToUnicode(label)
		if err != nil {
			return "is not a valid international name"
		}
		if scripts := scriptsOf(text); len(scripts) > 1 {
			return "mixes the scripts " + and(scripts) + " in one label"
		}
		return "is an international name, which may look like another on screen"
	}
	return ""
}

// scriptsOf lists the scripts of a label's letters, except what all share.
func scriptsOf(label string) []string {
	var scripts []string
	for _, script := range knownScripts {
		for _, r := range label {
			if unicode.Is(script.table, r) {
				scripts = append(scripts, script.name)
				break
			}
		}
	}
	return scripts
}

// knownScripts are those whose letters get mistaken for one another, and the
// large ones.
var knownScripts = []struct {
	name  string
	table *unicode.RangeTable
}{
	{"Latin", unicode.Latin},
	{"Cyrillic", unicode.Cyrillic},
	{"Greek", unicode.Greek},
	{"Armenian", unicode.Armenian},
	{"Hebrew", unicode.Hebrew},
	{"Arabic", unicode.Arabic},
	{"Han", unicode.Han},
	{"Hiragana", unicode.Hiragana},
	{"Katakana", unicode.Katakana},
	{"Hangul", unicode.Hangul},
	{"Cherokee", unicode.Cherokee},
	{"Thai", unicode.Thai},
	{"Devanagari", unicode.Devanagari},
	{"Georgian", unicode.Georgian},
}

// oneEdit says whether a and b differ by one insertion, deletion, replacement
// or swap of neighbours.
func oneEdit(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	switch rest, other := a[i:], b[i:]; {
	case len(b)-len(a) > 1 || a == b:
		return false
	case len(b) > len(a):
		return rest == other[1:]
	case rest[1:] == other[1:]:
		return true
	default:
		return len(rest) > 1 && rest[0] == other[1] && rest[1] == other[0] && rest[2:] == other[2:]
	}
}
