package origin

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Origin answers for any name, the same on each.
type Origin struct {
	mux *http.ServeMux

	mu       sync.Mutex
	requests []string // guarded by mu; "METHOD path", as they arrived
}

// New makes an origin.
func New() *Origin {
	o := &Origin{mux: http.NewServeMux()}
	rest(o.mux)
	streams(o.mux)
	calls(o.mux)
	sockets(o.mux)
	grpc(o.mux)
	index(o.mux)
	return o
}

// Listen serves TLS with HTTP/1.1 and HTTP/2 on port 443 of the address, and plain HTTP on its port 80, until the context ends.
func (o *Origin) Listen(ctx context.Context, address string, cert tls.Certificate) error {
	config := &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"h2", "http/1.1"}}
	secure, err := tls.Listen("tcp", net.JoinHostPort(address, "443"), config)
	if err != nil {
		return fmt.Errorf("listen as the origin: %w", err)
	}
	plain, err := net.Listen("tcp", net.JoinHostPort(address, "80"))
	if err != nil {
		return fmt.Errorf("listen as the origin: %w", err)
	}
	server := &http.Server{Handler: o, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	context.AfterFunc(ctx, func() { server.Close() })
	for _, l := range []net.Listener{secure, plain} {
		go func() { _ = server.Serve(l) }() // ends with Close
	}
	return nil
}

// ServeHTTP notes the request and answers it.
func (o *Origin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	o.requests = append(o.requests, r.Method+" "+r.URL.Path)
	o.mu.Unlock()
	o.mux.ServeHTTP(w, r)
}

// Requests returns what has arrived so far.
func (o *Origin) Requests() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.requests)
}
