package settings_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"exeat/sandbox/settings"
)

func write(t testing.TB, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask
		t.Fatal(err)
	}
}

// Each file is a proxy, or an error that begins with its place.
func TestRead(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		mode       os.FileMode
		proxy, err string
	}{
		{"empty", "", 0o600, "", ""},
		{"a comment", "# nothing\n", 0o600, "", ""},
		{"a proxy", "upstream_proxy: http://proxy.corp:3128\n", 0o644, "http://proxy.corp:3128", ""},
		{"with a password", "upstream_proxy: http://ada:s3cret@proxy.corp:3128\n", 0o600, "http://proxy.corp:3128", ""},
		{"with a password that others can read", "upstream_proxy: http://ada:s3cret@proxy.corp:3128\n", 0o640, "", ":1:17: upstream_proxy: the file contains a password and can be used by others (mode 0640)"},
		{"that others can change", "upstream_proxy: http://proxy.corp:3128\n", 0o620, "", ": can be changed by others (mode 0620)"},
		{"the environment", "upstream_proxy: environment\n", 0o600, "http://env.corp:8080", ""},
		{"another scheme", "\n\nupstream_proxy: socks5://ada:s3cret@proxy.corp:1080\n", 0o600, "", ":3:17: upstream_proxy: want http://host:port or https"},
		{"an unknown field", "ca_file: /x\nno_proxy: corp\n", 0o600, "", ":2:1: unknown field \"no_proxy\""},
		{"twice", "upstream_proxy: environment\nupstream_proxy: http://s3cret@h:1\n", 0o600, "", ":2:1: upstream_proxy is already set on line 1"},
		{"a list", "upstream_proxy: [http://proxy.corp:3128]\n", 0o600, "", ":1:17: upstream_proxy: want a text"},
		{"nothing", "upstream_proxy:\n", 0o600, "", ":1:16: upstream_proxy: want a text"},
		{"a number", "upstream_proxy: 3128\n", 0o600, "", ":1:17: upstream_proxy: want a text"},
		{"an anchor", "upstream_proxy: &a http://proxy.corp:3128\n", 0o600, "", ":1:17: upstream_proxy: want a text"},
		{"no mapping", "http://ada:s3cret@proxy.corp:3128\n", 0o600, "", ":1:1: want a mapping"},
		{"two documents", "ca_file: /x\n---\nupstream_proxy: environment\n", 0o600, "", ":2:1: here starts a second document"},
		{"a bare text with a colon", "upstream_proxy: s3cret: x\n", 0o600, "", ":1:1: is not YAML"},
		{"an alias of nothing", "upstream_proxy: *s3cret\n", 0o600, "", ":1:1: is not YAML"},
		{"a relative ca_file", "ca_file: corp.pem\n", 0o600, "", ":1:10: ca_file: want an absolute path"},
		{"a ca_file that is not there", "ca_file: /nowhere/corp.pem\n", 0o600, "", ":1:10: ca_file: open /nowhere/corp.pem: no such file"},
		{"too long", "#" + strings.Repeat("x", 1<<17), 0o600, "", ": has more than 65536 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, settings.FileName)
			write(t, path, tt.text, tt.mode)
			got, err := settings.Read(dir, "env.corp:8080")
			switch {
			case tt.err != "":
				wrong, ok := errors.AsType[*settings.Error](err)
				if !ok || !strings.HasPrefix(err.Error(), path+tt.err) || strings.Contains(err.Error(), "s3cret") || wrong.Hint() == "" {
					t.Errorf("got %v, want %s%s", err, path, tt.err)
				}
			case err != nil:
				t.Error(err)
			case tt.proxy == "" && got.Proxy != nil, tt.proxy != "" && (got.Proxy == nil || got.Proxy.String() != tt.proxy):
				t.Errorf("got %v, want %q", got.Proxy, tt.proxy)
			}
		})
	}
}

// Without a file the environment decides nothing.
func TestNoFile(t *testing.T) {
	if got, err := settings.Read(t.TempDir(), "http://env.corp:8080"); err != nil || got.Proxy != nil || got.Roots != nil {
		t.Errorf("got %+v, %v", got, err)
	}
}

// Where the file asks for the environment, what is there counts, and its password is not repeated.
func TestEnvironment(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, settings.FileName), "upstream_proxy: environment\n", 0o644)
	for environment, want := range map[string]string{
		"": "<nil>", "env.corp:8080": "http://env.corp:8080", "http://ada:s3cret@env.corp:8080": "http://env.corp:8080",
		"https://env.corp:8443/": "https://env.corp:8443", "socks5://ada:s3cret@env.corp:1": "error", "ada:s3cret@": "error",
	} {
		s, err := settings.Read(dir, environment)
		got := "<nil>"
		if s.Proxy != nil {
			got = s.Proxy.String()
		}
		if err != nil {
			got = "error"
		}
		if got != want || err != nil && strings.Contains(err.Error(), "s3cret") || err == nil && !strings.Contains(s.From, "HTTPS_PROXY") {
			t.Errorf("%q: got %s (%s), %v", environment, got, s.From, err)
		}
	}
}

// A link is not followed: it may lead to where an agent can write.
func TestLink(t *testing.T) {
	dir, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), "config.yaml")
	write(t, elsewhere, "upstream_proxy: http://proxy.corp:3128\n", 0o600)
	if err := os.Symlink(elsewhere, filepath.Join(dir, settings.FileName)); err != nil {
		t.Fatal(err)
	}
	if got, err := settings.Read(dir, ""); err == nil || !strings.Contains(err.Error(), "symbolic link") {
		t.Errorf("got %+v, %v", got, err)
	}
}

// Of ca_file only certificates are taken: a key beside them would be shown to the sandbox.
func TestRoots(t *testing.T) {
	certificate, key := selfSigned(t)
	for _, tt := range []struct {
		name, text, err string
		mode            os.FileMode
	}{
		{"certificate and key", "ACME root\n" + key + certificate + certificate, "", 0o644},
		{"a key only", key, "no certificate in PEM", 0o644},
		{"a damaged certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "x509", 0o644},
		{"that others can change", certificate, "can be changed by others (mode 0666)", 0o666},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "corp.pem")
			write(t, path, tt.text, tt.mode)
			write(t, filepath.Join(dir, settings.FileName), fmt.Sprintf("ca_file: %s\n", path), 0o600)
			got, err := settings.Read(dir, "")
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), ":1:10: ca_file: ") || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("got %v, want %s", err, tt.err)
				}
				return
			}
			if err != nil || string(got.Roots) != certificate+certificate || bytes.Contains(got.Roots, []byte("KEY")) {
				t.Errorf("got %s, %v", got.Roots, err)
			}
		})
	}
}

func selfSigned(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	certificate = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return certificate, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
}

// No document makes it panic, and an error leaves nothing to go on with.
func FuzzRead(f *testing.F) {
	f.Add("upstream_proxy: http://ada:s3cret@h:1\n")
	f.Add("{{},<<}")
	f.Add("upstream_proxy: !!binary aGVsbG8=\nca_file: >\n x\n")
	f.Add("- upstream_proxy: s3cret\n")
	f.Add("!!null\n---\n")
	f.Fuzz(func(t *testing.T, text string) {
		dir := t.TempDir()
		write(t, filepath.Join(dir, settings.FileName), text, 0o600)
		got, err := settings.Read(dir, "")
		if err != nil && (got.Proxy != nil || got.CAFile != "" || got.Roots != nil) {
			t.Errorf("%q: %+v with %v", text, got, err)
		}
	})
}
