package credential

import (
	"encoding/base64"
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
		}
	}
	if !found || strings.Contains(user, ":") { // a user cannot contain ":", so such a secret cannot be one
		return "", false
	}
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password)), true
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
