package proxy

import (
	"strings"
	"testing"
)

// One row per fact; ids are those of the attack list. "" passes.
func TestGuard(t *testing.T) {
	const h = "Host: a\r\n"
	for _, tt := range []struct{ name, stream, want string }{
		{"plain", "GET / HTTP/1.1\r\n" + h + "\r\n", ""},
		{"two in a row", "GET / HTTP/1.1\r\n" + h + "\r\nGET / HTTP/1.1\r\n" + h + "\r\n", ""},
		{"with a body", "POST / HTTP/1.1\r\n" + h + "Content-Length: 3\r\n\r\na\nbGET / HTTP/1.1\r\n" + h + "\r\n", ""},
		{"chunks", "POST / HTTP/1.1\r\n" + h + "Transfer-Encoding: Chunked\r\n\r\n3\r\na\nb\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\nGET / HTTP/1.1\r\n" + h + "\r\n", ""},
		{"HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", ""},
		{"bytes over 127 in a value", "GET / HTTP/1.1\r\n" + h + "X: \xff\xe4\r\n\r\n", ""},
		{"asterisk", "OPTIONS * HTTP/1.1\r\n" + h + "\r\n", ""},

		{"HP10 CL.TE", "POST / HTTP/1.1\r\n" + h + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "both Content-Length and Transfer-Encoding"},
		{"HP10 TE.CL", "POST / HTTP/1.1\r\n" + h + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", "both Content-Length and Transfer-Encoding"},
		{"HP10 two lengths", "POST / HTTP/1.1\r\n" + h + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", "more than one Content-Length field"},
		{"HP10 list of lengths", "POST / HTTP/1.1\r\n" + h + "Content-Length: 3, 3\r\n\r\nabc", "Content-Length is not a number"},
		{"HP10 signed length", "POST / HTTP/1.1\r\n" + h + "Content-Length: +3\r\n\r\nabc", "Content-Length is not a number"},
		{"HP10 two codings", "POST / HTTP/1.1\r\n" + h + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", "Transfer-Encoding is not exactly chunked"},
		{"HP10 another coding", "POST / HTTP/1.1\r\n" + h + "Transfer-Encoding: gzip, chunked\r\n\r\n", "Transfer-Encoding is not exactly chunked"},
		{"HP10 hidden coding", "POST / HTTP/1.1\r\n" + h + "Transfer-Encoding: xchunked\r\n\r\n", "Transfer-Encoding is not exactly chunked"},
		{"HP10 space before the colon", "POST / HTTP/1.1\r\n" + h + "Transfer-Encoding : chunked\r\n\r\n", "a header field has no valid name"},
		{"HP10 obs-fold", "GET / HTTP/1.1\r\n" + h + "A: b\r\n c\r\n\r\n", "a header field is folded over two lines"},
		{"HP10 fold first", "GET / HTTP/1.1\r\n A: b\r\n" + h + "\r\n", "a header field is folded over two lines"},
		{"HP10 bare LF", "GET / HTTP/1.1\nHost: a\n\n", "a line ends in a bare line feed"},
		{"HP10 bare LF at the end", "GET / HTTP/1.1\r\n" + h + "\n", "a line ends in a bare line feed"},
		{"HP10 bare CR", "GET / HTTP/1.1\r\n" + h + "A: b\rC: d\r\n\r\n", "a line contains a carriage return"},
		{"HP10 chunk extension", "POST / HTTP/1.1\r\n" + h + "Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\n\r\n", "a chunk's size is not a plain hexadecimal number"},
		{"HP10 chunk of -1", "POST / HTTP/1.1\r\n" + h + "Transfer-Encoding: chunked\r\n\r\n-1\r\n", "a chunk's size is not a plain hexadecimal number"},
		{"HP10 long chunk", "POST / HTTP/1.1\r\n" + h + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", "a chunk is longer than its size says"},
		{"HP10 bare LF after a chunk", "POST / HTTP/1.1\r\n" + h + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\n0\r\n\r\n", "a line ends in a bare line feed"},
		{"HP10 chunks in 1.0", "POST / HTTP/1.0\r\n" + h + "Transfer-Encoding: chunked\r\n\r\n", "Transfer-Encoding in an HTTP/1.0 request"},
		{"HP10 smuggled second", "GET / HTTP/1.1\r\n" + h + "\r\nGET /2 HTTP/1.1\nHost: a\n\n", "a line ends in a bare line feed"},
		{"two hosts", "GET / HTTP/1.1\r\n" + h + h + "\r\n", "more than one Host field"},
		{"no host", "GET / HTTP/1.1\r\n\r\n", "no Host field"},
		{"HP12 #", "GET /a#b HTTP/1.1\r\n" + h + "\r\n", "the request target contains a byte that must be escaped"},
		{"HP12 NUL", "GET /a\x00b HTTP/1.1\r\n" + h + "\r\n", "the request target contains a byte that must be escaped"},
		{"HP12 backslash", "GET /a\\b HTTP/1.1\r\n" + h + "\r\n", "the request target contains a byte that must be escaped"},
		{"non-ASCII target", "GET /\xc3\xa4 HTTP/1.1\r\n" + h + "\r\n", "the request target contains a byte that must be escaped"},
		{"HP14 tab after the method", "GET\t/ HTTP/1.1\r\n" + h + "\r\n", "the request line does not have three parts"},
		{"two spaces", "GET  / HTTP/1.1\r\n" + h + "\r\n", "the request line does not have three parts"},
		{"space in the target", "GET /a b HTTP/1.1\r\n" + h + "\r\n", "the request line does not have three parts"},
		{"method", "G(T / HTTP/1.1\r\n" + h + "\r\n", "the method is not a token"},
		{"version", "GET / HTTP/1.2\r\n" + h + "\r\n", "the request is neither HTTP/1.1 nor HTTP/1.0"},
		{"empty line first", "\r\nGET / HTTP/1.1\r\n" + h + "\r\n", "the request line does not have three parts"},
		{"control byte in a value", "GET / HTTP/1.1\r\n" + h + "A: \x01\r\n\r\n", "a header field contains a control byte"},
		{"no colon", "GET / HTTP/1.1\r\n" + h + "A\r\n\r\n", "a header field has no valid name"},
		{"CONNECT", "CONNECT a:1 HTTP/1.1\r\n" + h + "\r\n", "CONNECT inside a connection: a sandbox needs no proxy, so unset https_proxy and http_proxy"},
		{"HP26 huge head", "GET / HTTP/1.1\r\n" + h + "A: " + strings.Repeat("x", 5000), "the request's head is larger than 4096 bytes"},
		{"HP26 endless trailers", "POST / HTTP/1.1\r\n" + h + "Transfer-Encoding: chunked\r\n\r\n0\r\n" + strings.Repeat("A: b\r\n", 1000), "the trailers are not smaller than 4096 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, step := range []int{1, 7, len(tt.stream)} {
				g := newGuard(4096, false)
				got := ""
				for rest := tt.stream; rest != "" && got == ""; {
					n := min(step, len(rest))
					passed, v := g.feed([]byte(rest[:n]))
					if v != nil {
						got = v.Reason
						if passed > n || passed == n {
							t.Errorf("%d of %d bytes passed with the violation", passed, n)
						}
					}
					rest = rest[n:]
				}
				if got != tt.want {
					t.Errorf("in steps of %d: %q, want %q", step, got, tt.want)
				}
			}
		})
	}
}

// A tunnel's bytes are nobody's business but the tunnel's.
func TestGuardLetsTunnelsBe(t *testing.T) {
	g := newGuard(100, true)
	stream := "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n\x16\x03\n\n" + strings.Repeat("x", 1000)
	if n, v := g.feed([]byte(stream)); n != len(stream) || v != nil {
		t.Errorf("passed %d of %d: %v", n, len(stream), v)
	}
}
