package proxy

import (
	"io"
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"sync"

	"exeat/policy/alike"
)

// responseWriter is what the forwarder writes an answer to. It sends every piece on as it arrives, so
// that streams of any content type move in real time, and keeps headers of one hop on that hop.
type responseWriter struct {
	http.ResponseWriter
	status   int
	left     int64      // bytes of the body to come, as the header promised; below 0 where it does not say
	last     bool       // the connection ends with this answer
	headOnly *bool      // nothing follows the header
	buffers  *sync.Pool // of *[]byte
}

func newBuffers() *sync.Pool {
	return &sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }}
}

func (w *responseWriter) WriteHeader(status int) {
	if status >= 200 && w.status == 0 {
		w.status = status
		h := w.Header()
		if w.last {
			h.Set("Connection", "close")
		}
		h.Del("Alt-Svc") // would send the client to QUIC, which does not leave the sandbox
		if h["Content-Type"] == nil {
			h["Content-Type"] = nil // else net/http would guess one the origin did not send
		}
		w.left = promised(h)
	}
	w.ResponseWriter.WriteHeader(status)
	if w.status == status && w.Header()["Content-Length"] == nil && !*w.headOnly {
		w.Flush() // the client of a stream waits for its beginning, which may come long before its first byte
	}
}

func (w *responseWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	n, err := w.ResponseWriter.Write(p)
	w.left -= int64(n)
	if err == nil && w.left != 0 { // what is whole goes out with its end: one frame of HTTP/2 less, and one write
		w.Flush()
	}
	return n, err
}

// promised is the length of the body, or below 0.
func promised(h http.Header) int64 {
	n, err := strconv.ParseInt(h.Get("Content-Length"), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// Flush sends what was written; errors show at the next write.
func (w *responseWriter) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() }

// ReadFrom copies with a pooled buffer; io.Copy would allocate 32 KiB for each answer.
func (w *responseWriter) ReadFrom(r io.Reader) (int64, error) {
	buffer := w.buffers.Get().(*[]byte)
	defer w.buffers.Put(buffer)
	return io.CopyBuffer(writerOnly{w}, r, *buffer)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *responseWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// writerOnly hides ReadFrom from io.CopyBuffer.
type writerOnly struct{ io.Writer }

// dropNominated removes the fields that Connection names as those of one connection (RFC 9110 7.6.1), but for those kept.
func dropNominated(h http.Header, kept ...string) {
	for _, field := range h["Connection"] {
		for name := range strings.SplitSeq(field, ",") {
			if name = http.CanonicalHeaderKey(textproto.TrimString(name)); name != "" && !slices.Contains(kept, name) {
				h.Del(name)
			}
		}
	}
}

// dropHopByHop removes all fields that concern one connection. net/http has taken Transfer-Encoding and Trailer out
// before.
func dropHopByHop(h http.Header) {
	if len(h) == 0 {
		return // as trailers mostly are
	}
	dropNominated(h)
	for _, name := range [...]string{
		"Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "Te", "Upgrade", "Http2-Settings",
	} {
		delete(h, name) // Del would look for the canonical form each time
	}
}

// cleanRequest prepares a request's header for its way out.
func cleanRequest(h http.Header) {
	trailers := headerHas(h["Te"], "trailers")
	dropHopByHop(h)
	if trailers {
		h["Te"] = []string{"trailers"}
	}
	for name := range h {
		if overrides(name) || disguised(name) {
			delete(h, name)
		}
	}
	if h["User-Agent"] == nil {
		h["User-Agent"] = []string{""} // else the transport would name itself
	}
}

// overrides reports whether a field makes some frameworks serve another method, path or host than the
// ones that were judged. CGI reads "_" and "-" alike.
func overrides(name string) bool {
	if first := name[:min(1, len(name))]; !strings.ContainsAny(first, "XxFfSsPp") {
		return false
	}
	switch alike.Field(name) {
	case "x-http-method-override", "x-http-method", "x-method-override", "x-method",
		"x-original-url", "x-rewrite-url", "x-original-uri", "x-original-host", "x-host", "forwarded",
		"x-forwarded-host", "x-forwarded-server", "x-forwarded-prefix", "x-forwarded-uri", "x-forwarded-method",
		"script-name", "x-script-name", "x-forwarded-path", "path-info", // gunicorn and middlewares of WSGI cut the first ones off the path
		"x-sendfile-type", "x-accel-mapping": // Rack turns a file into a path within the server before it
		return true
	}
	return false
}

// disguised reports a field that CGI takes for one which is judged, or written, in its own spelling alone.
func disguised(name string) bool {
	if !strings.Contains(name, "_") {
		return false
	}
	switch field := alike.Field(name); field {
	case "content-type", "content-encoding", "accept-encoding", "range", "if-range", "content-length", "transfer-encoding", "host", "connection", "te", "trailer",
		"upgrade", "expect", "destination":
		return true
	default:
		return strings.HasPrefix(field, "mcp-") || strings.HasPrefix(field, "sec-websocket-")
	}
}

// headerHas reports whether a comma-separated field lists a token.
func headerHas(values []string, token string) bool {
	for _, v := range values {
		for item := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(textproto.TrimString(item), token) {
				return true
			}
		}
	}
	return false
}
