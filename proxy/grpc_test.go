package proxy_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// A call that ends before it has said anything ends with its header: clients of gRPC take a status in one
// that does not end the stream for a broken answer. It makes no difference whose status it is.
func TestGRPCTrailersOnly(t *testing.T) {
	w := newWorld(t, strings.ReplaceAll(grpcPolicy, "/echo.Echo/Chat", "/echo.Echo/*"))
	w.origin("grpc.example", 443, func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "application/grpc")
		rw.Header().Set("Grpc-Status", "16")
		rw.Header()["Content-Length"] = nil // which net/http would write, and servers of gRPC do not
	})
	lost := newWorld(t, grpcPolicy)
	lost.address("grpc.example") // where nobody listens
	for name, row := range map[string]struct {
		w            *world
		path, status string
	}{
		"the origin's":           {w, "/echo.Echo/Chat", "16"},
		"of a denial":            {w, "/other.Echo/Chat", "7"},
		"of a host that is away": {lost, "/echo.Echo/Chat", "14"},
	} {
		in, out := io.Pipe() // the request does not end before the answer
		r, _ := http.NewRequestWithContext(t.Context(), "POST", "https://grpc.example"+row.path, in)
		r.Header.Set("Content-Type", "application/grpc")
		resp, err := row.w.http2Client(transparent).Do(r)
		if err != nil {
			t.Fatal(name, err)
		}
		if resp.ContentLength != 0 || resp.Header.Get("Grpc-Status") != row.status {
			t.Errorf("%s: status %q in the header, %d bytes behind it", name, resp.Header.Get("Grpc-Status"), resp.ContentLength)
		}
		out.Close()
		resp.Body.Close()
	}
}
