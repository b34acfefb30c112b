package ca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"sync"
	"time"
)

// Lifetimes. Sandboxes may run for months, so the authority outlives any of them; leaves are
// replaced when half of their life is over. backdate tolerates clocks that were just set.
const (
	authorityLife = 10 * 365 * 24 * time.Hour
	leafLife      = 30 * 24 * time.Hour
	backdate      = time.Hour
)

// Authority is a certificate authority that exists only in memory. It is safe for concurrent use.
type Authority struct {
	key     *ecdsa.PrivateKey
	cert    *x509.Certificate
	pem     []byte
	tickets [32]byte

	mu    sync.Mutex
	cache cache  // guarded by mu
	rate  bucket // guarded by mu
}

// New makes an authority with a fresh key. The name is what a person sees when looking at the
// certificate, for example "exeat sandbox calm-otter".
func New(name string) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make certificate authority key: %w", err)
	}
	a := &Authority{key: key, cache: newCache(maxLeaves), rate: newBucket(mintsPerSecond)}
	if err := a.sign(name); err != nil {
		return nil, fmt.Errorf("make certificate authority: %w", err)
	}
	if _, err := rand.Read(a.tickets[:]); err != nil {
		return nil, fmt.Errorf("make session ticket key: %w", err)
	}
	return a, nil
}

func (a *Authority) sign(name string) error {
	serial, err := serialNumber()
	if err != nil {
		return err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: commonName(name), Organization: []string{"exeat"}},
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.Add(authorityLife),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true, // it signs leaves, never another authority
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	if err != nil {
		return err
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		return err
	}
	a.pem = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return nil
}

// PEM returns the authority's certificate, to be added to the bundles the sandbox trusts.
func (a *Authority) PEM() []byte { return append([]byte(nil), a.pem...) }

func serialNumber() (*big.Int, error) {
	// 127 bits: positive and within the 20 octets of RFC 5280 4.1.2.2.
	return rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
}

// commonName cuts a name to the 64 characters of RFC 5280's ub-common-name; OpenSSL refuses longer ones.
func commonName(name string) string {
	if len(name) > 64 {
		return name[:64]
	}
	return name
}
