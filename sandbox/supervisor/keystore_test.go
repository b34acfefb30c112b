package supervisor

import (
	"bytes"
	"encoding/pem"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"exeat/proxy/ca"
)

// Where there is a Java, its own tool reads back what was written.
func TestKeystore(t *testing.T) {
	var bundle []byte
	for _, name := range []string{"first root", "second root"} {
		authority, err := ca.New(name)
		if err != nil {
			t.Fatal(err)
		}
		bundle = append(bundle, authority.PEM()...)
	}
	text := keystore(append([]byte("# a comment\n"), bundle...), time.Now())
	for block, rest := pem.Decode(bundle); block != nil; block, rest = pem.Decode(rest) {
		if !bytes.Contains(text, block.Bytes) {
			t.Error("a certificate is missing")
		}
	}
	keytool, err := exec.LookPath("keytool")
	if err != nil {
		t.Skip("no Java here")
	}
	path := filepath.Join(t.TempDir(), "cacerts")
	writeFile(t, path, text)
	out, err := exec.Command(keytool, "-J-Duser.language=en", "-list", "-v", "-keystore", path, "-storepass", keystorePassword).CombinedOutput()
	if err != nil || strings.Count(string(out), "trustedCertEntry") != 2 || !strings.Contains(string(out), "CN=second root") {
		t.Errorf("keytool: %v\n%s", err, out)
	}
}

func BenchmarkKeystore(b *testing.B) {
	roots, err := hostRoots()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		keystore(roots, time.Now())
	}
}
