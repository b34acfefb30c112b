package proxy

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
)

// unpack makes an answer readable that was compressed although it was asked for as it is, and reports whether it can be
// read. Stores of files send what was uploaded compressed in no other way.
func unpack(resp *http.Response) bool {
	switch coding := strings.Join(resp.Header["Content-Encoding"], ", "); strings.ToLower(coding) {
	case "", "identity":
		return true
	case "gzip", "x-gzip": // the same (RFC 9110 8.4.1.3)
		if resp.ContentLength == 0 || resp.Body == http.NoBody {
			return true
		}
		resp.Body = &gunzipped{packed: resp.Body}
		resp.ContentLength = -1
		resp.Header.Del("Content-Encoding")
		resp.Header.Del("Content-Length")
		return true
	}
	return false
}

// gunzipped reads a body of gzip. It looks at none of it before it is read, so that a stream may begin late.
type gunzipped struct {
	packed io.ReadCloser
	reader *gzip.Reader
	err    error // why there is none
}

func (g *gunzipped) Read(p []byte) (int, error) {
	if g.reader == nil && g.err == nil {
		if g.reader, g.err = gzip.NewReader(g.packed); g.err == io.EOF {
			g.err = io.ErrUnexpectedEOF // nothing is no gzip
		}
	}
	if g.err != nil {
		return 0, g.err
	}
	return g.reader.Read(p)
}

// Close ends the body below.
func (g *gunzipped) Close() error { return g.packed.Close() }
