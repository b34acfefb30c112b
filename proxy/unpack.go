package proxy

import (
	"bufio"
	"compress/gzip"
	"io"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
)

// unpack makes an answer readable that was compressed although it was asked for as it is, where gzip is all that was done.
// Stores of files send what was uploaded compressed in no other way. Any other coding stays, and may be a name for none
// ("utf-8", or what the query of a request to S3 says): secrets are looked for in what it made all the same.
func unpack(resp *http.Response) {
	codings := codingsOf(resp.Header)
	if len(codings) == 0 || resp.ContentLength == 0 || resp.Body == http.NoBody {
		return
	}
	if len(codings) > maxCodings || slices.ContainsFunc(codings, func(c string) bool { return c != "gzip" && c != "x-gzip" }) { // the same (RFC 9110 8.4.1.3)
		return
	}
	for range codings {
		resp.Body = &gunzipped{packed: resp.Body}
	}
	resp.ContentLength = -1
	resp.Header.Del("Content-Encoding")
	resp.Header.Del("Content-Length")
}

// maxCodings is more than any origin has a reason for.
const maxCodings = 2

// codingsOf lists them without those that change nothing, and without the empty places that a list may have (RFC 9110 5.6.1).
func codingsOf(h http.Header) (codings []string) {
	for _, field := range h["Content-Encoding"] {
		for coding := range strings.SplitSeq(field, ",") {
			if coding = strings.ToLower(textproto.TrimString(coding)); coding != "" && coding != "identity" {
				codings = append(codings, coding)
			}
		}
	}
	return codings
}

// gunzipped reads a body of gzip. It looks at none of it before it is read, so that a stream may begin late.
type gunzipped struct {
	packed io.ReadCloser
	ahead  *bufio.Reader
	reader *gzip.Reader
	within bool  // a member
	err    error // why there is nothing more
}

func (g *gunzipped) Read(p []byte) (int, error) {
	for g.err == nil {
		if !g.within {
			g.err = g.next()
			continue
		}
		n, err := g.reader.Read(p)
		if g.within = err != io.EOF; g.within {
			g.err = err
		}
		if n > 0 {
			return n, nil // also at the end of a member: the next one may come much later
		}
	}
	return 0, g.err
}

// next begins a member. No member at all is nothing, as browsers have it.
func (g *gunzipped) next() (err error) {
	if g.reader != nil {
		err = g.reader.Reset(g.ahead)
	} else {
		g.ahead = bufio.NewReader(g.packed)
		g.reader, err = gzip.NewReader(g.ahead)
	}
	if err == nil {
		g.reader.Multistream(false)
		g.within = true
	}
	return err
}

// Close ends the body below.
func (g *gunzipped) Close() error { return g.packed.Close() }
