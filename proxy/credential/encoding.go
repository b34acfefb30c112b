package credential

import (
	"bytes"
	"encoding/base64"
	"unicode/utf8"
)

// decoder undoes one way of writing text. What may be the beginning of an escape that is not complete
// is returned as rest; what is no escape stays, as lenient readers have it.
type decoder func(dst, src []byte) (out, rest []byte)

// decodeNothing is the text as it stands.
func decodeNothing(dst, src []byte) (out, rest []byte) { return append(dst, src...), nil }

// decodePercent undoes percent-encoding (RFC 3986 2.1).
func decodePercent(dst, src []byte) (out, rest []byte) {
	for i := 0; i < len(src); i++ {
		plain := bytes.IndexByte(src[i:], '%')
		if plain < 0 {
			return append(dst, src[i:]...), nil
		}
		dst = append(dst, src[i:i+plain]...)
		i += plain
		n, digits := hexadecimal(src[i+1:], 2)
		if digits == 2 {
			dst = append(dst, byte(n))
			i += 2
			continue
		}
		if i+1+digits == len(src) {
			return dst, src[i:]
		}
		dst = append(dst, '%')
	}
	return dst, nil
}

// decodeJSON undoes the escapes of JSON strings (RFC 8259 7), wherever they stand.
func decodeJSON(dst, src []byte) (out, rest []byte) {
	for i := 0; i < len(src); i++ {
		plain := bytes.IndexByte(src[i:], '\\')
		if plain < 0 {
			return append(dst, src[i:]...), nil
		}
		dst = append(dst, src[i:i+plain]...)
		i += plain
		if i+1 == len(src) {
			return dst, src[i:]
		}
		if src[i+1] != 'u' {
			i++
			dst = append(dst, short(src[i]))
			continue
		}
		n, digits := hexadecimal(src[i+2:], 4)
		if digits < 4 && i+2+digits == len(src) {
			return dst, src[i:]
		}
		if digits < 4 {
			dst = append(dst, '\\')
			continue
		}
		dst = utf8.AppendRune(dst, rune(n))
		i += 5
	}
	return dst, nil
}

// short is what the letter after a backslash stands for; only itself matters here, control characters
// are in no secret.
func short(letter byte) byte {
	if letter == 'b' || letter == 'f' || letter == 'n' || letter == 'r' || letter == 't' {
		return '\n'
	}
	return letter
}

// hexadecimal reads up to most digits, and says how many there are.
func hexadecimal(src []byte, most int) (n uint32, digits int) {
	for _, c := range src[:min(most, len(src))] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return n, digits
		}
		n, digits = n<<4|uint32(c), digits+1
	}
	return n, digits
}

// cores are what base64 makes of a text that stands somewhere in a longer one, as in Basic: one for
// each of the three places a byte can have in a group, without the characters at both ends that also
// depend on what is around it.
func cores(text string, alphabet *base64.Encoding) [3]string {
	var out [3]string
	for before := range out {
		encoded := alphabet.WithPadding(base64.NoPadding).EncodeToString(append(make([]byte, before), text...))
		bits := 8 * before
		out[before] = encoded[(bits+5)/6 : (bits+8*len(text))/6]
	}
	return out
}
