package ca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"net"
	"time"
)

// ErrBusy says that a certificate was not minted because too many were asked for in one second.
// Minting costs the supervisor's CPU, and the names come from the sandbox.
var ErrBusy = errors.New("too many certificates asked for in one second")

// Config returns the server side of a TLS connection that claims to be host, a canonical DNS name or
// an IP address. Configurations are shared: callers must not change them.
func (a *Authority) Config(host string) (*tls.Config, error) {
	l, err := a.leaf(host, time.Now())
	if err != nil {
		return nil, err
	}
	// Concurrent handshakes for one new name mint once and share the result.
	l.once.Do(func() { l.config, l.err = a.mint(host) })
	return l.config, l.err
}

// leaf finds or reserves the cache's entry for host.
func (a *Authority) leaf(host string, now time.Time) (*leaf, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if l := a.cache.get(host); l != nil && now.Before(l.renew) {
		return l, nil
	}
	if !a.rate.take(now) {
		return nil, ErrBusy
	}
	l := &leaf{host: host, renew: now.Add(leafLife / 2)}
	a.cache.put(l)
	return l, nil
}

func (a *Authority) mint(host string) (*tls.Config, error) {
	certificate, err := a.certificate(host)
	if err != nil {
		return nil, fmt.Errorf("mint a certificate for %q: %w", host, err)
	}
	config := &tls.Config{
		Certificates: []tls.Certificate{certificate},
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"h2", "http/1.1", "http/1.0"},
		// No post-quantum exchange on a hop that never leaves the machine: it costs a sixth of the
		// new connections per second and protects nothing here.
		CurvePreferences: []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384},
	}
	// Without explicit keys crypto/tls makes new ones for each clone and no session is ever resumed.
	config.SetSessionTicketKeys([][32]byte{a.tickets})
	return config, nil
}

func (a *Authority) certificate(host string) (tls.Certificate, error) {
	// crypto/ecdsa with crypto/rand: goproxy's signer derives keys from the CA's bytes, so that two
	// authorities could share a leaf key (proved); nothing of it is used here.
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	serial, err := serialNumber()
	if err != nil {
		return tls.Certificate{}, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: commonName(host)},
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.Add(leafLife),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{host}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		return tls.Certificate{}, err
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: parsed}, nil
}
