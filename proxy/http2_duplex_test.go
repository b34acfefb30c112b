package proxy_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
)

// duplex opens a stream whose request does not end while its answer comes; hang closes it.
func (w *world) duplex(url string, fields ...string) (answer func() (*http.Response, string, error), hang io.Closer) {
	client := w.http2Client(transparent)
	client.Timeout = 20 * time.Second // what this is about has none
	in, out := io.Pipe()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, url, in)
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/grpc")
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		r.Header.Set(name, value)
	}
	return func() (*http.Response, string, error) {
		resp, err := client.Do(r)
		if err != nil {
			return nil, "", err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		return resp, string(body), err
	}, out
}

// soon fails where f takes as long as the client would wait.
func soon(t *testing.T, what string, f func()) {
	t.Helper()
	began := time.Now()
	if f(); time.Since(began) > 10*time.Second {
		t.Errorf("%s took %v", what, time.Since(began))
	}
}

// A stream that nobody says anything on any more ends with its grant: the origin must not go on talking to the sandbox.
func TestRevokedSilentStream(t *testing.T) {
	w := newWorld(t, grpcPolicy)
	begun := make(chan bool, 1)
	w.origin("grpc.example", 443, func(rw http.ResponseWriter, r *http.Request) {
		for begun <- true; r.Context().Err() == nil; time.Sleep(10 * time.Millisecond) {
			fmt.Fprintln(rw, "push")
			_ = http.NewResponseController(rw).Flush()
			select {
			case <-begun:
			default:
			}
		}
	})
	ask, hang := w.duplex("https://grpc.example/echo.Echo/Chat")
	defer hang.Close()
	go func() {
		<-begun
		await(t, "it is under way", func() bool { return w.server.Live() == 1 })
		w.load(strings.ReplaceAll(grpcPolicy, "Chat", "Other"))
	}()
	soon(t, "the end of a revoked stream", func() {
		// Where the policy was quicker than the answer's head, the head is our refusal.
		if resp, _, err := ask(); err == nil && resp.Header.Get("Grpc-Status")+resp.Trailer.Get("Grpc-Status") != "7" {
			t.Errorf("the stream ended well: %v", resp)
		}
	})
}

// An origin may end a call while the client still could speak: its status is what the client waits for.
func TestAnswerEndsBeforeItsRequest(t *testing.T) {
	w := newWorld(t, grpcPolicy)
	w.origin("grpc.example", 443, func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Trailer", "Grpc-Status")
		_, _ = io.WriteString(rw, "hello")
		_ = http.NewResponseController(rw).Flush()
		rw.Header().Set("Grpc-Status", "8")
	})
	ask, hang := w.duplex("https://grpc.example/echo.Echo/Chat")
	defer hang.Close()
	soon(t, "the status", func() {
		resp, body, err := ask()
		if err != nil || body != "hello" || resp.Trailer.Get("Grpc-Status") != "8" {
			t.Errorf("got %v %q, %v", resp, body, err)
		}
	})
}

// That an answer is withheld is said at once, and not when the request ends.
func TestWithheldBeforeTheRequestEnds(t *testing.T) {
	w, placeholder := withSecret(t, fillPolicy)
	w.sink.keep = errors.New("the disk is gone")
	w.origin("api.example", 443, func(rw http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(rw).Flush()
		<-r.Context().Done()
	})
	ask, hang := w.duplex("https://api.example/plain", "Authorization: Bearer "+placeholder)
	defer hang.Close()
	soon(t, "the refusal", func() {
		resp, _, err := ask()
		if err != nil || resp.Header.Get("Grpc-Status") == "" {
			t.Errorf("got %v, %v", resp, err)
		}
	})
}

// Calls that are served do not pay for streams that a hostile program leaves hanging on other connections.
func TestServedStreamsSurviveFloods(t *testing.T) {
	w := newWorld(t, grpcPolicy+strings.SplitN(basePolicy, "network_policies:\n", 2)[1])
	w.origin("grpc.example", 443, func(rw http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(rw).Flush()
		<-r.Context().Done()
	})
	w.origin("api.example", 443, func(http.ResponseWriter, *http.Request) {})
	client := w.http2Client(transparent)
	var ended atomic.Int64
	for range 30 {
		in, out := io.Pipe()
		defer out.Close()
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://grpc.example/echo.Echo/Chat", in)
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.Copy(io.Discard, resp.Body); ended.Add(1) }()
	}
	for range 40 {
		h := w.hostile(true)
		_ = h.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize})
		for range 12 {
			h.ask(true, toX+"PUT")
		}
		h.out.Flush()
		defer h.Close()
	}
	await(t, "all hostile streams are denied", func() bool { return strings.Count(w.sink.verdicts(), "deny ") >= 40*12 })
	if n := ended.Load(); n > 0 {
		t.Errorf("%d of 30 calls ended", n)
	}
}
