package credential

import (
	"encoding/base64"
	"slices"
	"strings"
)

// basic exchanges user or password of Basic credentials (RFC 7617), without the scheme's name.
func (b binding) basic(encoded string) (string, bool) {
	user, password, ok := decodeBasic(encoded)
	if !ok {
		return "", false
	}
	found := false
	for _, part := range []*string{&user, &password} {
		if *part == b.placeholder {
			*part, found = b.secret.Reveal(), true
		} else if b.profile.headers != nil && isKey(*part) { // to a server of any kind, a name may look like anything
			return "", false
		}
	}
	if !found || strings.Contains(user, ":") { // a user cannot contain ":", so such a secret cannot be one
		return "", false
	}
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password)), true
}

// isKey tells whether what stands beside a secret is a key of its own, which a server may prefer, and no name: it
// begins like one and is no short word, or is as long and random.
func isKey(s string) bool {
	random := len(s) >= 32 && !strings.ContainsAny(s, "@.-_")
	return random || len(s) >= minKey && slices.ContainsFunc(keyPrefixes(), func(prefix string) bool { return strings.HasPrefix(s, prefix) })
}

// minKey is shorter than the keys of any type.
const minKey = 16

// keyPrefixes are how the secrets of all types begin, where they begin with something.
func keyPrefixes() []string {
	var all []string
	for _, p := range profiles() {
		for _, s := range p.shapes {
			if s.prefix != "" {
				all = append(all, s.prefix)
			}
		}
	}
	return all
}

// decodeBasic accepts what servers accept: the standard alphabet and the URL one, padded or not.
func decodeBasic(encoded string) (user, password string, ok bool) {
	bare := strings.TrimRight(encoded, "=")
	for _, alphabet := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if text, err := alphabet.DecodeString(bare); err == nil {
			user, password, _ = strings.Cut(string(text), ":")
			return user, password, true
		}
	}
	return "", "", false
}
