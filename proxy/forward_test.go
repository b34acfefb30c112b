package proxy

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// The forwarder does nothing without a ticket for exactly what it is asked: these are goproxy's ways to
// fail open, and the gate for every update of it.
func TestForwarderNeedsATicket(t *testing.T) {
	origin := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the origin was asked") }))
	defer origin.Close()
	f := newForwarder(newUpstream(Config{}, defaultLimits()))
	get := func(url string) *http.Request { return httptest.NewRequestWithContext(t.Context(), "GET", url, nil) }
	ticketed := func(r *http.Request, t *ticket) *http.Request { return r.WithContext(withTicket(r.Context(), t)) }
	connect := httptest.NewRequestWithContext(t.Context(), "CONNECT", "/", nil)
	connect.Host, connect.URL.Host, connect.URL.Path = origin.Listener.Addr().String(), origin.Listener.Addr().String(), ""
	for name, tt := range map[string]struct {
		r    *http.Request
		want int
	}{
		"no ticket":      {get(origin.URL + "/x"), 403},
		"another URL":    {ticketed(get(origin.URL+"/x"), &ticket{method: "GET", url: *get(origin.URL + "/y").URL}), 403},
		"another method": {ticketed(get(origin.URL+"/x"), &ticket{method: "PUT", url: *get(origin.URL + "/x").URL}), 403},
		"origin form":    {get("/x"), 404},
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			f.ServeHTTP(w, tt.r)
			if w.Code != tt.want {
				t.Errorf("got %d, want %d", w.Code, tt.want)
			}
		})
	}
	t.Run("CONNECT", func(t *testing.T) {
		door := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { f.ServeHTTP(w, connect) }))
		defer door.Close()
		resp, err := http.Get(door.URL)
		if err == nil {
			defer resp.Body.Close()
			if resp.StatusCode == 200 {
				t.Error("a tunnel was opened")
			}
		}
	})
}

// No connection leaves without a decision behind it, whatever asks the transport for one.
func TestDialNeedsATicket(t *testing.T) {
	u := newUpstream(Config{}.withDefaults(), defaultLimits())
	request, _ := http.NewRequestWithContext(t.Context(), "GET", "http://127.0.0.1:1/", nil)
	if _, err := u.origins(pool{}).RoundTrip(request); err == nil || err.Error() != "no decision stands behind this connection" {
		t.Errorf("got %v", err)
	}
}
