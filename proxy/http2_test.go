package proxy_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// http2Client is a client inside the sandbox that speaks HTTP/2 alone.
func (w *world) http2Client(door string) *http.Client {
	var protocols http.Protocols
	protocols.SetHTTP2(true)
	t := &http.Transport{
		Protocols:          &protocols,
		DisableCompression: true,
		DialTLSContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			host, port, _ := net.SplitHostPort(address)
			n, _ := strconv.Atoi(port)
			c, err := w.open(ctx, door, host, n)
			if err != nil {
				return nil, err
			}
			s := tls.Client(c, &tls.Config{RootCAs: w.clientCAs, NextProtos: []string{"h2"}, ServerName: host})
			return s, s.HandshakeContext(ctx)
		},
	}
	w.t.Cleanup(t.CloseIdleConnections)
	return &http.Client{Transport: t, Timeout: 20 * time.Second}
}

// Streams of one connection are judged one by one, and spoken to the origin as they came.
func TestHTTP2(t *testing.T) {
	for _, door := range doors {
		t.Run(door, func(t *testing.T) {
			w := newWorld(t, basePolicy)
			w.origin("api.example", 443, func(rw http.ResponseWriter, r *http.Request) {
				fmt.Fprintf(rw, "%s %s %s %s %d", r.Proto, r.Method, r.Host, r.URL.Path, r.ContentLength)
			})
			client := w.http2Client(door)
			for _, row := range []struct {
				method, path string
				status       int
				body         string
			}{
				{"GET", "/ok", 200, "HTTP/2.0 GET api.example /ok 0"},
				{"DELETE", "/ok", 403, "policy_denied"},
				{"GET", "/a/../b", 200, "HTTP/2.0 GET api.example /b 0"},
				{"TRACE", "/ok", 403, "never forwarded"},
				{"get", "/ok", 400, "upper case"},
			} {
				r, err := http.NewRequestWithContext(t.Context(), row.method, "https://api.example"+row.path, nil)
				if err != nil {
					t.Fatal(err)
				}
				resp, err := client.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				body, _ := io.ReadAll(resp.Body)
				resp.Body.Close()
				if resp.StatusCode != row.status || !strings.Contains(string(body), row.body) || resp.ProtoMajor != 2 {
					t.Errorf("%s %s: %s %s", row.method, row.path, resp.Status, body)
				}
			}
		})
	}
}

// The name of the handshake, of :authority and of a Host field must be one.
func TestHTTP2Authority(t *testing.T) {
	w := newWorld(t, basePolicy)
	w.origin("api.example", 443, func(http.ResponseWriter, *http.Request) { t.Error("the origin was asked") })
	client := w.http2Client(transparent)
	for name, row := range map[string]struct {
		host   string
		header http.Header
		status int
	}{
		"another authority": {"evil.example", nil, 421},
		"another port":      {"api.example:8443", nil, 421},
	} {
		r, _ := http.NewRequestWithContext(t.Context(), "GET", "https://api.example/", nil)
		r.Host = row.host
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(name, err)
		}
		resp.Body.Close()
		if resp.StatusCode != row.status {
			t.Errorf("%s: %s", name, resp.Status)
		}
	}
}

// A denied upload is answered while it still runs, and the connection serves on.
func TestHTTP2DeniedUpload(t *testing.T) {
	w := newWorld(t, basePolicy)
	w.origin("api.example", 443, func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, "fine") })
	client := w.http2Client(transparent)
	r, _ := http.NewRequestWithContext(t.Context(), "DELETE", "https://api.example/x", io.LimitReader(zeros{}, 64<<20))
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	var denial struct{ Error string }
	if err := json.NewDecoder(resp.Body).Decode(&denial); err != nil || denial.Error != "policy_denied" {
		t.Errorf("got %v %v", denial, err)
	}
	resp.Body.Close()
	if resp, err = client.Get("https://api.example/x"); err != nil || resp.StatusCode != 200 {
		t.Errorf("after it: %v %v", resp, err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

const grpcPolicy = `
version: 1
network_policies:
  grpc:
    endpoints:
      - host: grpc.example
        port: 443
        protocol: rest
        enforcement: enforce
        rules:
          - allow: { method: POST, path: /echo.Echo/Chat }
    binaries: [{ path: /usr/bin/curl }]
`

// A call of gRPC streams both ways at once and ends in trailers; one that is denied ends in the status
// that its client shows.
func TestGRPC(t *testing.T) {
	for _, door := range doors {
		t.Run(door, func(t *testing.T) {
			w := newWorld(t, grpcPolicy)
			w.origin("grpc.example", 443, func(rw http.ResponseWriter, r *http.Request) {
				if r.ProtoMajor != 2 || r.Header.Get("Te") != "trailers" {
					t.Errorf("got %s, TE %q", r.Proto, r.Header.Get("Te"))
				}
				rw.Header().Set("Content-Type", "application/grpc")
				rw.Header().Set("Trailer", "Grpc-Status")
				_ = http.NewResponseController(rw).Flush()
				lines := bufio.NewScanner(r.Body)
				for lines.Scan() {
					fmt.Fprintf(rw, "echo %s\n", lines.Text())
					_ = http.NewResponseController(rw).Flush()
				}
				rw.Header().Set("Grpc-Status", "0")
			})
			client := w.http2Client(door)
			call := func(path string, body io.Reader) *http.Response {
				r, _ := http.NewRequestWithContext(t.Context(), "POST", "https://grpc.example"+path, body)
				r.Header.Set("Content-Type", "application/grpc")
				r.Header.Set("Te", "trailers")
				resp, err := client.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				return resp
			}
			in, out := io.Pipe()
			resp := call("/echo.Echo/Chat", in)
			answers := bufio.NewReader(resp.Body)
			for i := range 3 {
				fmt.Fprintf(out, "%d\n", i)
				if line, err := answers.ReadString('\n'); line != fmt.Sprintf("echo %d\n", i) {
					t.Fatalf("got %q %v", line, err)
				}
			}
			out.Close()
			_, _ = io.ReadAll(answers)
			if got := resp.Trailer.Get("Grpc-Status"); got != "0" {
				t.Errorf("trailer %q", got)
			}

			denied := call("/echo.Echo/Drop", strings.NewReader("x"))
			if denied.StatusCode != 200 || denied.Header.Get("Grpc-Status") != "7" || denied.Header.Get("Content-Type") != "application/grpc" {
				t.Errorf("denied: %s %v", denied.Status, denied.Header)
			}
			if message := denied.Header.Get("Grpc-Message"); !strings.Contains(message, "denied by exeat: 2") || denied.Header.Get("Grpc-Status-Details-Bin") == "" {
				t.Errorf("message %q", message)
			}
		})
	}
}

// loaded is how much slower than on a machine of its own a test may find things.
const loaded = 5

// A stream that is still allowed runs through any number of policies, by both versions of HTTP; the one that
// takes it back ends it within a tenth of a second.
func TestStreamThroughReloads(t *testing.T) {
	w := newWorld(t, basePolicy)
	tick := make(chan struct{})
	w.origin("api.example", 443, func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "text/event-stream")
		for n := 0; ; n++ {
			fmt.Fprintf(rw, "data: %d\n", n)
			_ = http.NewResponseController(rw).Flush()
			select {
			case <-tick:
			case <-r.Context().Done():
				return
			}
		}
	})
	for name, client := range map[string]*http.Client{"HTTP/1.1": w.client(explicit), "HTTP/2": w.http2Client(transparent)} {
		t.Run(name, func(t *testing.T) {
			w.load(basePolicy)
			resp, err := client.Get("https://api.example/events")
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			lines := bufio.NewReader(resp.Body)
			for n := range 100 {
				if line, err := lines.ReadString('\n'); line != fmt.Sprintf("data: %d\n", n) {
					t.Fatalf("got %q %v", line, err)
				}
				w.load(basePolicy + fmt.Sprintf("# %d\n", n))
				tick <- struct{}{}
			}
			_, _ = lines.ReadString('\n')
			began := time.Now()
			w.load(strings.Replace(basePolicy, `method: GET, path: "/**"`, "method: GET, path: /other", 1))
			if line, err := lines.ReadString('\n'); err == nil {
				t.Errorf("went on with %q", line)
			}
			if took := time.Since(began); took > loaded*100*time.Millisecond {
				t.Errorf("ended after %v", took)
			}
		})
	}
}

// A new policy ends the streams it would not allow, and no others of their connection.
func TestHTTP2Reload(t *testing.T) {
	w := newWorld(t, basePolicy)
	w.origin("api.example", 443, func(rw http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(rw, "begun\n")
		_ = http.NewResponseController(rw).Flush()
		<-r.Context().Done()
	})
	client := w.http2Client(transparent)
	open := func(path string) *bufio.Reader {
		resp, err := client.Get("https://api.example" + path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { resp.Body.Close() })
		body := bufio.NewReader(resp.Body)
		if line, err := body.ReadString('\n'); line != "begun\n" {
			t.Fatalf("got %q %v", line, err)
		}
		return body
	}
	kept, lost := open("/kept"), open("/lost")
	w.load(strings.Replace(basePolicy, "          - allow: { method: GET, path: \"/**\" }", "          - allow: { method: GET, path: /kept }", 1))
	ended := make(chan error, 2)
	go func() { _, err := lost.ReadByte(); ended <- err }()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("the revoked stream went on")
		}
	case <-time.After(2 * time.Second):
		t.Error("the revoked stream was not ended")
	}
	go func() { _, err := kept.ReadByte(); ended <- err }()
	select {
	case err := <-ended:
		t.Errorf("the stream that is still allowed ended: %v", err)
	case <-time.After(200 * time.Millisecond):
	}
}
