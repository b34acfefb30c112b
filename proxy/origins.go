package proxy

import (
	"crypto/tls"
	"net/http"
	"time"

	"exeat/proxy/http1"
)

// origins asks origins over one pool of connections.
type origins struct {
	duplex *http.Transport // sends a body and reads the answer at once
	simple *http1.Client   // for the others, which are most, and faster so; nil where the client speaks HTTP/2
}

// RoundTrip implements http.RoundTripper.
func (o *origins) RoundTrip(r *http.Request) (*http.Response, error) {
	if o.simple != nil && http1.Takes(r) {
		return o.simple.RoundTrip(r)
	}
	return o.duplex.RoundTrip(r)
}

// CloseIdleConnections ends the connections without work.
func (o *origins) CloseIdleConnections() {
	o.duplex.CloseIdleConnections()
	if o.simple != nil {
		o.simple.CloseIdleConnections()
	}
}

// What is kept of connections to origins, and for how long; and how much they may say before an answer's body.
const (
	idleLife      = 90 * time.Second
	idlePerOrigin = 64
	idleTotal     = 256
	answerHead    = 256 << 10
)

func (u *upstream) newOrigins(p pool) *origins {
	tls := &tls.Config{
		RootCAs:            u.cfg.Roots,
		MinVersion:         tls.VersionTLS12,
		ClientSessionCache: tls.NewLRUClientSessionCache(256),
	}
	o := &origins{duplex: u.newTransport(tls, p)}
	if !p.http2 {
		o.simple = http1.New(http1.Config{
			Dial: u.dialDecided, TLS: tls, Handshake: u.limits.handshake, Head: u.limits.responseHeader, HeadBytes: answerHead,
			Idle: idleLife, PerOrigin: idlePerOrigin, Total: idleTotal,
		})
	}
	return o
}

func (u *upstream) newTransport(tls *tls.Config, p pool) *http.Transport {
	var protocols http.Protocols
	protocols.SetHTTP1(!p.clear)
	protocols.SetHTTP2(p.http2 && !p.clear)
	protocols.SetUnencryptedHTTP2(p.clear)
	untaken := maxUntaken
	if p.narrow {
		untaken = maxUntakenOfMany
	}
	return &http.Transport{
		Proxy:                  nil, // never the environment's
		DialContext:            u.dialDecided,
		TLSClientConfig:        tls,
		Protocols:              &protocols,
		HTTP2:                  &http.HTTP2Config{MaxReceiveBufferPerStream: untaken},
		TLSHandshakeTimeout:    u.limits.handshake,
		ResponseHeaderTimeout:  u.limits.responseHeader,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: answerHead,
		DisableCompression:     true, // bodies pass as they are
		MaxIdleConns:           idleTotal,
		MaxIdleConnsPerHost:    idlePerOrigin,
		IdleConnTimeout:        idleLife,
		WriteBufferSize:        32 << 10,
		ReadBufferSize:         32 << 10,
	}
}
