package sandbox_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"exeat/store"
)

// A port of the host is reached where it was lent, under the host's name inside and no other.
func TestHostPort(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello from the host") }))
	defer server.Close()
	port := server.Listener.Addr().(*net.TCPAddr).Port
	boxes := newBoxes(t)
	lent := frozen(t, "lent", testPolicy)
	lent.Spec = store.Spec{Frozen: true, HostPorts: []int{port}}
	create(t, boxes, lent)
	create(t, boxes, frozen(t, "other", testPolicy))
	url := fmt.Sprintf("http://host.exeat.local:%d/", port)
	if got := run(t, boxes, "lent", "curl", "-sS", url); got.out != "hello from the host" {
		t.Errorf("got %q %s", got.out, got.err)
	}
	if got := run(t, boxes, "other", "curl", "-sS", url); !strings.Contains(got.out, "is not lent to this sandbox") {
		t.Errorf("not lent: got %q %s", got.out, got.err)
	}
	for _, address := range []string{"127.0.0.1", "[::1]", "0.0.0.0", "localhost"} {
		if got := run(t, boxes, "lent", "curl", "-sS", fmt.Sprintf("http://%s:%d/", address, port)); got.exit == 0 && strings.Contains(got.out, "hello") {
			t.Errorf("%s reaches the host", address)
		}
	}
}
