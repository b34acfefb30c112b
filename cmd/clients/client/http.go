package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// get prints status, protocol, body and trailers.
func get(ctx context.Context, url string, _ []string) error {
	answer, err := fetch(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	digest := sha256.New()
	n, err := io.Copy(digest, answer.Body)
	if err != nil {
		return err
	}
	fmt.Printf("%s %s, %d bytes, digest is the trailer's: %t\n", answer.Proto, answer.Status, n,
		answer.Trailer.Get("X-Digest") == fmt.Sprintf("%x", digest.Sum(nil)))
	return nil
}

func fetch(ctx context.Context, method, url string, body io.Reader) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return nil, err
	}
	return http.DefaultClient.Do(r)
}

// putTrailer uploads in chunks and sends the digest behind them (RFC 9110 6.5).
func putTrailer(ctx context.Context, url string, _ []string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPut, url, nil)
	if err != nil {
		return err
	}
	digest := sha256.New()
	r.Trailer = http.Header{"X-Digest": nil}
	r.Body = io.NopCloser(io.TeeReader(strings.NewReader(strings.Repeat("upload", 100_000)), digest))
	r.Body = atEnd{r.Body, func() { r.Trailer.Set("X-Digest", fmt.Sprintf("%x", digest.Sum(nil))) }}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	fmt.Printf("%s %s %s", answer.Proto, answer.Status, text)
	return err
}

// atEnd calls a function when the body has been read.
type atEnd struct {
	io.ReadCloser
	done func()
}

func (b atEnd) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		b.done()
	}
	return n, err
}

// timed prints the lines of a stream, and whether they came one after the other and not all at its end.
func timed(ctx context.Context, url string, _ []string) error {
	answer, err := fetch(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	fmt.Println(answer.Proto, answer.Status, answer.Header.Get("Content-Type"))
	var flow flow
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		if lines.Text() != "" {
			flow.arrived()
			fmt.Println(lines.Text())
		}
	}
	fmt.Println(flow.String())
	return lines.Err()
}

// flow remembers when the pieces of a stream came.
type flow struct{ first, last time.Time }

func (f *flow) arrived() {
	f.last = time.Now()
	if f.first.IsZero() {
		f.first = f.last
	}
}

// String says "flowing" when the last piece came well after the first: an origin of ours sends five, 50 ms apart.
func (f *flow) String() string {
	if f.last.Sub(f.first) >= 100*time.Millisecond {
		return "flowing"
	}
	return "all at once"
}
