package http1

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Config says how a Client reaches origins, and how long it waits for them.
type Config struct {
	Dial      func(ctx context.Context, network, address string) (net.Conn, error)
	TLS       *tls.Config   // for https; the server's name is filled in
	Handshake time.Duration // for agreeing on TLS
	Head      time.Duration // for sending a request and reading the head of its answer
	HeadBytes int64         // of an answer's head, with all interim answers before it
	Idle      time.Duration // how long a connection is kept without work
	PerOrigin int           // idle connections to one origin
	Total     int           // idle connections to all
}

// Client asks origins. It follows no redirects, keeps no cookies and changes nothing of a body.
type Client struct {
	cfg  Config
	idle pool
}

// New makes a client.
func New(cfg Config) *Client {
	return &Client{cfg: cfg, idle: pool{life: cfg.Idle, perOrigin: cfg.PerOrigin, total: cfg.Total}}
}

// Takes reports whether a Client can send r: one that has no body, asks for no other protocol, and does no harm when it
// is sent twice (RFC 9110 9.2.2), as it is where a kept connection turns out to have ended.
func Takes(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return (r.Body == nil || r.Body == http.NoBody) && r.ContentLength == 0 && r.Header["Upgrade"] == nil
	}
	return false
}

// RoundTrip implements http.RoundTripper for requests that Takes reports, over TLS where the URL says https. What it
// returns when the context of r ends is that context's error.
func (c *Client) RoundTrip(r *http.Request) (*http.Response, error) {
	o := originOf(r.URL)
	if kept := c.idle.take(o); kept != nil {
		resp, err := kept.exchange(r)
		if err == nil || !errors.Is(err, errUnanswered) {
			return resp, err
		}
	}
	fresh, err := c.dial(r.Context(), o)
	if err != nil {
		return nil, err
	}
	return fresh.exchange(r)
}

// CloseIdleConnections ends the connections that are kept, and has those at work end with their requests.
func (c *Client) CloseIdleConnections() { c.idle.close() }

// origin is where connections can serve each other's requests.
type origin struct {
	scheme, host string // as in a URL
}

func originOf(u *url.URL) origin {
	return origin{scheme: u.Scheme, host: u.Host}
}

// address is where o is dialled.
func (o origin) address() (host, address string) {
	host, port, err := net.SplitHostPort(o.host)
	if err != nil {
		host, port = strings.Trim(o.host, "[]"), "80"
		if o.scheme == "https" {
			port = "443"
		}
	}
	return host, net.JoinHostPort(host, port)
}

func (c *Client) dial(ctx context.Context, o origin) (*conn, error) {
	host, address := o.address()
	raw, err := c.cfg.Dial(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	if o.scheme != "https" {
		return c.newConn(raw, raw, o), nil
	}
	secure, err := c.handshake(ctx, raw, host)
	if err != nil {
		raw.Close()
		return nil, err
	}
	return c.newConn(secure, raw, o), nil
}

func (c *Client) handshake(ctx context.Context, raw net.Conn, host string) (net.Conn, error) {
	config := c.cfg.TLS.Clone()
	config.ServerName, config.NextProtos = host, []string{"http/1.1"}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Handshake)
	defer cancel()
	secure := tls.Client(raw, config)
	return secure, secure.HandshakeContext(ctx)
}
