package proxy_test

import (
	"fmt"
	"strings"
)

func host(value string) string { return "GET /1 HTTP/1.1\r\nHost: " + value + "\r\n\r\n" }

// hostRows are Host fields that could lead past the host that was judged (HP02).
var hostRows = []row{
	{"HP02 same", host("a.example:{p}"), "200", "GET /1"},
	{"HP02 upper case", host("A.EXAMPLE:{p}"), "200", "GET /1"},
	{"HP02 trailing dot", host("a.example.:{p}"), "200", "GET /1"},
	{"HP02 port with zeros", host("a.example:0{p}"), "200", "GET /1"},
	{"HP02 another", host("evil.example"), "421", ""},
	{"HP02 another port", host("a.example:8443"), "421", ""},
	{"HP02 no port number", host("a.example:"), "421", ""},
	{"HP02 port is text", host("a.example:http"), "421", ""},
	{"HP02 port overflows", host("a.example:6{p}{p}{p}"), "421", ""},
	{"HP02 two ports", host("a.example:{p}:{p}"), "421", ""},
	{"HP02 a user", host("a.example@evil.example"), "400!", ""},
	{"HP02 another user", host("evil.example@a.example"), "400!", ""},
	{"HP02 two dots", host("a.example..:{p}"), "421", ""},
	{"HP02 list", host("a.example:{p}, evil.example"), "400!", ""},
	{"HP02 blanks", host("a.example:{p} evil.example"), "400!", ""},
	{"HP02 percent", host("a%2eexample:{p}"), "421", ""},
	{"HP02 underscore", host("a_.example:{p}"), "421", ""},
	{"HP02 full-width letter", host("\xef\xbd\x81.example:{p}"), "400!", ""},
	{"HP02 8-bit", host("\xe1.example:{p}"), "400!", ""},
	{"HP02 A-label of nothing", host("xn--a.example:{p}"), "421", ""},
	{"HP02 URL", host("http://a.example"), "400!", ""},
	{"HP02 path", host("a.example/x"), "400!", ""},
	{"HP02 query", host("a.example:{p}?x"), "400!", ""},
	{"HP02 fragment", host("evil.example#a.example"), "400!", ""},
	{"HP02 brackets", host("[a.example]:{p}"), "421", ""},
	{"HP02 address", host("127.0.0.1:{p}"), "421", ""},
	{"HP02 subdomain", host("x.a.example:{p}"), "421", ""},
	{"HP02 suffix", host("a.example.evil.example:{p}"), "421", ""},
	{"HP02 empty", host(""), "421", ""},
	{"HP02 NUL", host("a.example\x00.evil.example"), "400!", ""},
	{"HP02 two, same", "GET /1 HTTP/1.1\r\nHost: a.example:{p}\r\nHost: a.example:{p}\r\n\r\n", "400!", ""},
	{"HP02 two, other case", "GET /1 HTTP/1.1\r\nHost: a.example:{p}\r\nhost: evil.example\r\n\r\n", "400!", ""},
	{"HP02 two, space before colon", "GET /1 HTTP/1.1\r\nHost: a.example:{p}\r\nHost : evil.example\r\n\r\n", "400!", ""},
	{"HP02 none", "GET /1 HTTP/1.1\r\nX: y\r\n\r\n", "400!", ""},
	{"HP02 none in HTTP/1.0", "GET /1 HTTP/1.0\r\n\r\n", "421!", ""},
}

func manyFields(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "X-%d: y\r\n", i)
	}
	return b.String()
}

// fieldRows are fields that are broken, or too many. What may not travel is in TestFieldsThatStay.
var fieldRows = []row{
	{"field with 8-bit text", get + "X: \xff\xe4\r\n\r\n", "200", "GET /1"},
	{"field with NUL", get + "X: a\x00b\r\n\r\n", "400!", ""},
	{"field with a control byte", get + "X: a\x01b\r\n\r\n", "400!", ""},
	{"field name with 8-bit text", get + "X\xe4: y\r\n\r\n", "400!", ""},
	{"field name with a slash", get + "X/Y: y\r\n\r\n", "400!", ""},
	{"field folded", get + "X: y\r\n z\r\n\r\n", "400!", ""},
	{"field folded first", "GET {t}/1 HTTP/1.1\r\n X: y\r\nHost: a.example:{p}\r\n\r\n", "400!", ""},
	{"field with an encoded line end", get + "X: a%0d%0aTransfer-Encoding: chunked\r\n\r\n", "200", "GET /1"},
	{"HP26 one field of 1 MiB", get + "X: " + strings.Repeat("y", 1<<20) + "\r\n\r\n", "431!", ""},
	{"HP26 2,000 short fields", get + strings.Repeat("a:\r\n", 2000) + "\r\n", "431!", ""},
	{"HP26 10,000 fields", get + manyFields(10_000) + "\r\n", "431!", ""},
	{"HP26 1,000 fields", get + manyFields(1000) + "\r\n", "200", "GET /1"},
	{"HP26 endless trailers", post + te + "\r\n0\r\n" + manyFields(10_000) + "\r\n", "431!", ""},
	{"HP26 many ranges", get + "Range: bytes=" + strings.TrimSuffix(strings.Repeat("0-,", 2000), ",") + "\r\n\r\n", "200", "GET /1"},

	{"Expect", post + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\nhi", "200", "POST /ok/1 [hi]"},
	{"Expect, other case", post + "Expect: 100-Continue\r\nContent-Length: 2\r\n\r\nhi", "200", "POST /ok/1 [hi]"},
	{"Expect and chunks", post + "Expect: 100-continue\r\n" + te + "\r\n2\r\nhi\r\n0\r\n\r\n", "200", "POST /ok/1 [hi]"},
	{"Expect of something else", post + "Expect: 200-ok\r\nContent-Length: 2\r\n\r\nhi", "417!", ""},
	{"Expect of two things", post + "Expect: 100-continue, x\r\nContent-Length: 2\r\n\r\nhi", "417!", ""},
	{"Expect twice", post + "Expect: 100-continue\r\nExpect: x\r\nContent-Length: 2\r\n\r\nhi", "417!", ""},
	{"Expect empty", post + "Expect:\r\nContent-Length: 2\r\n\r\nhi", "417!", ""},
	{"Expect without a body", get + "Expect: 100-continue\r\n\r\n", "200", "GET /1"},

	{"trailers that are forbidden", post + te + "Trailer: Content-Length\r\n\r\n0\r\nContent-Length: 3\r\n\r\n", "400!", ""},
	{"trailers that name a coding", post + te + "Trailer: Transfer-Encoding\r\n\r\n0\r\n\r\n", "400!", ""},
}
