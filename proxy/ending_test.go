package proxy_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
)

// A client that hangs up before there is an answer was sent none, and its origin is not to blame.
func TestClientGone(t *testing.T) {
	for name, row := range map[string]struct {
		client func(w *world) *http.Client
		upload bool
	}{
		"waiting":             {func(w *world) *http.Client { return w.client(transparent) }, false},
		"waiting, HTTP/2":     {func(w *world) *http.Client { return w.http2Client(transparent) }, false},
		"in its body":         {func(w *world) *http.Client { return w.client(transparent) }, true},
		"in its body, HTTP/2": {func(w *world) *http.Client { return w.http2Client(transparent) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, basePolicy)
			asked := make(chan bool, 1)
			w.origin("api.example", 443, func(_ http.ResponseWriter, r *http.Request) {
				asked <- true
				_, _ = io.Copy(io.Discard, r.Body)
				<-r.Context().Done()
			})
			ctx, hangUp := context.WithCancel(t.Context())
			defer hangUp()
			method, body, more := "GET", io.Reader(nil), (*io.PipeWriter)(nil)
			if row.upload {
				method = "POST"
				body, more = io.Pipe()
				go func() { _, _ = io.WriteString(more, "begin") }()
			}
			r, _ := http.NewRequestWithContext(ctx, method, "https://api.example/ok/x", body)
			go func() {
				if <-asked; row.upload {
					more.CloseWithError(io.ErrClosedPipe)
				} else {
					hangUp()
				}
			}()
			if _, err := row.client(w).Do(r); err == nil {
				t.Fatal("answered")
			}
			await(t, "completed", func() bool { _, ok := w.sink.completed(1); return ok })
			if e, _ := w.sink.completed(1); e.Status != 0 || e.Failed != "client_gone" || e.Duration <= 0 {
				t.Errorf("completed with %+v", e)
			}
			if events := w.sink.all(); len(events) != 1 {
				t.Errorf("recorded %s", w.sink.verdicts())
			}
		})
	}
}

// An answer of which a part has come says whose end left in the middle.
func TestAnswerBreaksOff(t *testing.T) {
	for _, gone := range []bool{true, false} {
		w := newWorld(t, basePolicy)
		half := make(chan bool)
		w.origin("api.example", 443, func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(rw, "half")
			_ = http.NewResponseController(rw).Flush()
			select {
			case <-half:
				panic(http.ErrAbortHandler)
			case <-r.Context().Done():
			}
		})
		resp, err := w.client(transparent).Post("https://api.example/ok/x", "text/plain", strings.NewReader("abc"))
		if err != nil {
			t.Fatal(err)
		}
		want := "client_gone"
		if !gone {
			want = "upstream_broke_off"
			close(half)
			_, _ = io.Copy(io.Discard, resp.Body)
		}
		resp.Body.Close()
		await(t, "completed", func() bool { _, ok := w.sink.completed(1); return ok })
		if e, _ := w.sink.completed(1); e.Status != 200 || e.BytesIn != 4 || e.Failed != want {
			t.Errorf("completed with %+v, want %s", e, want)
		}
	}
}
