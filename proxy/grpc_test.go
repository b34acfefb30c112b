package proxy_test

import (
	"io"
	"net"
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

// Clients of gRPC that were told to go without TLS are judged call by call like others, speak HTTP/2 to the origin, and have
// no secret put in. A connection that is denied ends with a status, and not with one on which the client tries at once again.
func TestGRPCWithoutTLS(t *testing.T) {
	for _, door := range doors {
		w, placeholder := withSecret(t, strings.Replace(grpcPolicy, "host: grpc.example\n        port: 443", "host: api.example\n        ports: [50051, 443]", 1))
		w.h2c("api.example", 50051, func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Content-Type", "application/grpc")
			rw.Header().Set("Trailer", "Grpc-Status")
			body, _ := io.ReadAll(r.Body)
			_, _ = io.WriteString(rw, r.Proto+" "+string(body))
			rw.Header().Set("Grpc-Status", "0")
		})
		for _, row := range []struct{ address, path, token, body, status string }{
			{"api.example:50051", "/echo.Echo/Chat", "", "HTTP/2.0 hi", "0"},
			{"api.example:50051", "/echo.Echo/Other", "", "", "7"},
			{"api.example:50051", "/echo.Echo/Chat", placeholder, "", "7"},
			{"else.example:50051", "/echo.Echo/Chat", "", "", "7"},
			{"api.example:443", "/echo.Echo/Chat", "", "", "7"},
		} {
			r, _ := http.NewRequestWithContext(t.Context(), "POST", "http://"+row.address+row.path, strings.NewReader("hi"))
			r.Header.Set("Content-Type", "application/grpc")
			if row.token != "" {
				r.Header.Set("Authorization", "Bearer "+row.token)
			}
			resp, err := w.h2cClient(door).Do(r)
			if err != nil {
				t.Fatal(door, row, err)
			}
			body, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if status := resp.Header.Get("Grpc-Status") + resp.Trailer.Get("Grpc-Status"); string(body) != row.body || status != row.status || err != nil {
				t.Errorf("%s %+v: got %q with status %s, %v", door, row, body, status, err)
			}
		}
		if got := strings.Count(w.sink.verdicts(), "deny"); got != 4 {
			t.Errorf("%s: recorded %s", door, w.sink.verdicts())
		}
	}
}

// A client that speaks HTTP/2 without TLS to an origin which does not is told that, and not what the frame looked like.
func TestHTTP2WithoutTLSToAnOlderOrigin(t *testing.T) {
	w := newWorld(t, "version: 1\nnetwork_policies:\n  a: { endpoints: [{ host: old.example, port: 80, protocol: rest, enforcement: enforce, access: read-only }], binaries: [{ path: /usr/bin/curl }] }\n")
	w.tcp("old.example", 80, func(c net.Conn) {
		_, _ = io.ReadFull(c, make([]byte, 24))
		_, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		_, _ = io.Copy(io.Discard, c)
	})
	resp, err := w.h2cClient(transparent).Get("http://old.example/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != 502 || !strings.Contains(string(body), "HTTP/2 without TLS, which old.example:80 does not: tell the client") {
		t.Errorf("%s %s", resp.Status, body)
	}
}

// h2c serves host:port with HTTP/2 alone, without TLS.
func (w *world) h2c(host string, port int, h http.HandlerFunc) {
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	l := listen(w.t)
	s := &http.Server{Handler: h, Protocols: &protocols, ErrorLog: quiet()}
	w.t.Cleanup(func() { s.Close() })
	w.route(host, port, l.Addr().String())
	go func() { _ = s.Serve(l) }()
}

func (w *world) h2cClient(door string) *http.Client {
	c := w.client(door)
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	c.Transport.(*http.Transport).Protocols = &protocols
	return c
}
