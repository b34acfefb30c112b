package ca_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"exeat/proxy/ca"
)

func newAuthority(t *testing.T) *ca.Authority {
	t.Helper()
	a, err := ca.New("exeat sandbox test")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// handshake runs one TLS handshake over a real socket and returns the client's side of it.
func handshake(t *testing.T, server, client *tls.Config) (tls.ConnectionState, error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		s := tls.Server(conn, server)
		if s.Handshake() == nil {
			_, _ = s.Write([]byte("x")) // carries the session ticket to a client that reads
		}
	}()
	conn, err := tls.Dial("tcp", l.Addr().String(), client)
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer conn.Close()
	_, err = conn.Read(make([]byte, 1))
	return conn.ConnectionState(), err
}

// A client that trusts the authority accepts its leaves for the name they were made for, and only for it.
func TestLeafVerifies(t *testing.T) {
	a := newAuthority(t)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(a.PEM())
	long := strings.Repeat("a", 63) + "." + strings.Repeat("b", 63) + ".example"
	for _, tt := range []struct {
		host, as string
		ok       bool
	}{
		{"github.com", "github.com", true},
		{"github.com", "evil.example", false},
		{"192.0.2.7", "192.0.2.7", true},
		{"2001:db8::1", "2001:db8::1", true},
		{"192.0.2.7", "192.0.2.8", false},
		{"xn--bcher-kva.example", "xn--bcher-kva.example", true},
		{long, long, true},
	} {
		config, err := a.Config(tt.host)
		if err != nil {
			t.Fatalf("%s: %v", tt.host, err)
		}
		_, err = handshake(t, config, &tls.Config{RootCAs: roots, ServerName: tt.as})
		if got := err == nil; got != tt.ok {
			t.Errorf("leaf for %s shown as %s: accepted %t, want %t (%v)", tt.host, tt.as, got, tt.ok, err)
		}
	}
}

func TestHandshakeParameters(t *testing.T) {
	a := newAuthority(t)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(a.PEM())
	config, err := a.Config("example.com")
	if err != nil {
		t.Fatal(err)
	}
	client := &tls.Config{
		RootCAs: roots, ServerName: "example.com", NextProtos: []string{"h2", "http/1.1"},
		ClientSessionCache: tls.NewLRUClientSessionCache(4),
	}
	first, err := handshake(t, config, client)
	if err != nil {
		t.Fatal(err)
	}
	if first.CurveID != tls.X25519 {
		t.Errorf("key exchange %v, want X25519", first.CurveID)
	}
	if first.NegotiatedProtocol != "h2" {
		t.Errorf("protocol %q, want http/1.1", first.NegotiatedProtocol)
	}
	if got := first.PeerCertificates; len(got) != 1 || got[0].PublicKeyAlgorithm != x509.ECDSA {
		t.Errorf("shown %d certificates, want one ECDSA leaf", len(got))
	}
	// goproxy clones configurations for each connection; a clone must still resume.
	second, err := handshake(t, config.Clone(), client)
	if err != nil {
		t.Fatal(err)
	}
	if !second.DidResume {
		t.Error("the second connection did not resume the session")
	}
}

func TestAuthoritiesShareNothing(t *testing.T) {
	a, b := newAuthority(t), newAuthority(t)
	ca1, _ := a.Config("example.com")
	cb1, _ := b.Config("example.com")
	ka := ca1.Certificates[0].Leaf.RawSubjectPublicKeyInfo
	kb := cb1.Certificates[0].Leaf.RawSubjectPublicKeyInfo
	if bytes.Equal(ka, kb) {
		t.Error("two authorities minted leaves with the same key")
	}
}

func TestConfigIsMintedOnce(t *testing.T) {
	a := newAuthority(t)
	var wg sync.WaitGroup
	got := make([]*tls.Config, 32)
	for i := range got {
		wg.Go(func() { got[i], _ = a.Config("example.com") })
	}
	wg.Wait()
	for i := range got {
		if got[i] == nil || got[i] != got[0] {
			t.Fatalf("call %d got another configuration", i)
		}
	}
}

func TestMintingIsLimited(t *testing.T) {
	a := newAuthority(t)
	var err error
	for i := 0; i < 500 && err == nil; i++ {
		_, err = a.Config(fmt.Sprintf("h%d.example", i))
	}
	if !errors.Is(err, ca.ErrBusy) {
		t.Fatalf("500 names at once: error %v, want ErrBusy", err)
	}
	if _, err := a.Config("h0.example"); err != nil {
		t.Errorf("a name already minted: %v", err)
	}
}

// openssl is pickier than Go about names, extensions and serials.
func TestOpenSSLVerifies(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Fatal("openssl is missing: apt-get install openssl")
	}
	cmd := exec.CommandContext(t.Context(), openssl, "x509", "-noout", "-text")
	cmd.Stdin = bytes.NewReader(newAuthority(t).PEM())
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("CA:TRUE, pathlen:0")) {
		t.Errorf("openssl reads the authority as: %s (%v)", out, err)
	}
}
