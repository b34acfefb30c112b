package proxy

import (
	"net/http"
	"strconv"
	"strings"
)

// field checks one header field; name and value are the line up to and after the first colon.
func (g *guard) field(line []byte) *violation {
	name, value, v := splitField(line)
	if v != nil {
		return v
	}
	switch strings.ToLower(name) {
	case "host":
		if g.head.hosts++; g.head.hosts > 1 {
			return bad("more than one Host field")
		}
	case "content-length":
		if g.head.lengths++; g.head.lengths > 1 {
			return bad("more than one Content-Length field")
		}
		n, err := strconv.ParseUint(value, 10, 62)
		if err != nil || value[0] == '+' {
			return bad("Content-Length is not a number")
		}
		g.head.length = int64(n)
	case "expect":
		if !strings.EqualFold(value, "100-continue") {
			return &violation{Status: http.StatusExpectationFailed, Reason: "Expect is not 100-continue"}
		}
	case "transfer-encoding":
		if g.head.codings++; g.head.codings > 1 || !strings.EqualFold(value, "chunked") {
			return bad("Transfer-Encoding is not exactly chunked")
		}
	}
	return nil
}

func splitField(line []byte) (name, value string, v *violation) {
	if line[0] == ' ' || line[0] == '\t' {
		return "", "", bad("a header field is folded over two lines")
	}
	n, rest, ok := strings.Cut(string(line), ":")
	if !ok || !isToken(n) {
		return "", "", bad("a header field has no valid name")
	}
	if strings.ContainsFunc(rest, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		return "", "", bad("a header field contains a control byte")
	}
	return n, strings.Trim(rest, " \t"), nil
}

func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}
