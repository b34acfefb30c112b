package inside

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"time"
)

// Bounds of requests to the endpoint. Their memory is the host's: no limit of the sandbox counts it.
const (
	maxBody     = 64 << 10
	maxRequests = 256 // that are read or answered at once
	readLimit   = 10 * time.Second
)

// bounded serves only so many requests at once, each of which has to be there in time.
func bounded(next http.Handler) http.Handler {
	places := make(chan struct{}, maxRequests)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case places <- struct{}{}:
			defer func() { <-places }()
		default:
			w.Header().Set("Retry-After", "1")
			http.Error(w, "too many requests to this endpoint are open: wait for one of them", http.StatusServiceUnavailable)
			return
		}
		if status, err := readBody(w, r); err != nil {
			http.Error(w, err.Error(), status)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// readBody puts what was read in the place of the body. The deadline must not outlast it: it would end the wait for a change.
func readBody(w http.ResponseWriter, r *http.Request) (status int, err error) {
	c := http.NewResponseController(w)
	_ = c.SetReadDeadline(time.Now().Add(readLimit)) // a writer that cannot is none of a connection
	defer func() { _ = c.SetReadDeadline(time.Time{}) }()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		return http.StatusRequestEntityTooLarge, errors.New("the request is longer than 64 KiB")
	}
	if err != nil {
		return http.StatusRequestTimeout, errors.New("the request did not come in time")
	}
	r.Body = &held{Reader: bytes.NewReader(body), text: body}
	return 0, nil
}

// held is a body that is here.
type held struct {
	*bytes.Reader
	text []byte
}

// Close does nothing: there is nothing to give back.
func (*held) Close() error { return nil }
