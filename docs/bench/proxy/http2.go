package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// streams makes requests on streams of one HTTP/2 connection, where the other end speaks that.
func (c *client) streams() (outcome, error) {
	c.tls.NextProtos = []string{"h2", "http/1.1"}
	k, err := c.open()
	if err != nil {
		return outcome{}, err
	}
	defer k.drop()
	if err := k.Handshake(); err != nil {
		return outcome{}, err
	}
	if spoken := k.ConnectionState().NegotiatedProtocol; spoken != "h2" {
		return outcome{Skipped: fmt.Sprintf("its client leg has no HTTP/2 (ALPN gave %q)", spoken)}, nil
	}
	return c.overHTTP2()
}

func (c *client) overHTTP2() (outcome, error) {
	transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: c.tls, DialTLSContext: c.dialHTTP2}
	defer transport.CloseIdleConnections()
	one := func(int) error { return c.stream(transport) }
	if err := one(0); err != nil {
		return outcome{}, err
	}
	return c.repeat(one)
}

func (c *client) dialHTTP2(context.Context, string, string) (net.Conn, error) {
	k, err := c.open()
	if err != nil {
		return nil, err
	}
	return k.Conn, nil
}

func (c *client) stream(transport *http.Transport) error {
	r := &http.Request{Method: "GET", URL: &url.URL{Scheme: "https", Host: c.target(), Path: "/small"}, Header: http.Header{}}
	if name, value, ok := strings.Cut(strings.TrimSpace(c.Header), ": "); ok {
		r.Header.Set(name, value)
	}
	answer, err := transport.RoundTrip(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("the answer is %s", answer.Status)
	}
	return err
}
