package proxy_test

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
)

// Streams are cheap for a client and dear for what stands behind them: together they are as many as connections
// may be. Those beyond are turned away, and one that ends makes room.
func TestHTTP2StreamsAreBounded(t *testing.T) {
	w := newWorld(t, basePolicy)
	const limit, asked = 160, 200
	var here atomic.Int64
	leave := make(chan struct{})
	w.origin("api.example", 443, func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wait" {
			here.Add(1)
			<-leave
		}
	})
	clients := []*http.Client{w.http2Client(transparent), w.http2Client(explicit)}
	for _, client := range clients { // one connection each
		if _, err := client.Get("https://api.example/"); err != nil {
			t.Fatal(err)
		}
	}
	var all sync.WaitGroup
	var away atomic.Int64
	for i := range asked {
		all.Go(func() {
			resp, err := clients[i%2].Get("https://api.example/wait")
			if err != nil {
				t.Error(err)
				return
			}
			resp.Body.Close()
			if resp.StatusCode == http.StatusServiceUnavailable {
				away.Add(1)
			}
		})
	}
	await(t, "all are served or turned away", func() bool { return here.Load()+away.Load() == asked })
	if here.Load() != limit {
		t.Errorf("%d requests reached the origin at once, want %d", here.Load(), limit)
	}
	close(leave)
	all.Wait()
	if resp, err := clients[0].Get("https://api.example/"); err != nil || resp.StatusCode != 200 {
		t.Errorf("after it: %v %v", resp, err)
	}
}
