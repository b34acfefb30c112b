package proxy_test

import (
	"io"
	"net/http"
	"testing"
	"time"
)

// A denied request that neither ends nor goes on holds nothing: its stream is ended after a silence, and the
// connection serves on.
func TestDeniedStreamThatStaysOpen(t *testing.T) {
	w := newWorld(t, basePolicy)
	w.origin("api.example", 443, func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, "fine") })
	client := w.http2Client(transparent)
	in, out := io.Pipe()
	defer out.Close()
	r, _ := http.NewRequestWithContext(t.Context(), "DELETE", "https://api.example/x", in)
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if _, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusForbidden {
		t.Errorf("got %s, %v", resp.Status, err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("its end took %v", took)
	}
	if resp, err = client.Get("https://api.example/x"); err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("after it: %v %v", resp, err)
	}
}
