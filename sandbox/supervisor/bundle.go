package supervisor

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"time"
)

// bundles are the places where distributions keep their trusted roots in one
// file: Debian and Ubuntu, Fedora and RHEL, openSUSE, OpenELEC, CentOS 7, Alpine.
var bundles = []string{
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/etc/pki/tls/cacert.pem",
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
	"/etc/ssl/cert.pem",
}

// errNoBundle stops a start: without roots no upstream could be verified.
var errNoBundle = &hintError{
	"this machine has no bundle of trusted certificates, so no server could be verified",
	"apt-get install ca-certificates",
}

// HostRoots says how many certificates this machine has to verify servers with,
// or why no sandbox can start.
func HostRoots() (count int, err error) {
	roots, err := hostRoots()
	return bytes.Count(roots, []byte(certificate)), err
}

const certificate = "-----BEGIN CERTIFICATE-----"

// hostRoots reads the machine's own bundle. x509.SystemCertPool is not asked,
// because SSL_CERT_FILE of whoever started us would decide whom it trusts.
func hostRoots() ([]byte, error) {
	for _, path := range bundles {
		data, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if bytes.Contains(data, []byte(certificate)) {
			return data, nil
		}
	}
	return nil, errNoBundle
}

// mergedBundle is what programs in the sandbox trust: the machine's roots, for
// connections that are passed on uninspected, and the sandbox's own authority.
func mergedBundle(host, own []byte) []byte {
	return append(append(bytes.TrimRight(host, "\n"), '\n'), own...)
}

// openTrust makes the files that programs in the sandbox will find them in.
func (s *supervisor) openTrust() error {
	for path, file := range map[string]**os.File{s.dir.Bundle(): &s.bundle, s.dir.Keystore(): &s.keystore} {
		opened, err := openShown(path, os.O_TRUNC)
		if err != nil {
			return err
		}
		s.undo.add(func() { opened.Close() })
		*file = opened
	}
	return nil
}

// writeTrust fills them: they are mounted, and empty until now.
func (s *supervisor) writeTrust(own []byte) error {
	bundle := mergedBundle(s.ahead.hostRoots, own)
	if _, err := s.bundle.Write(bundle); err != nil {
		return fmt.Errorf("certificate bundle: %w", err)
	}
	if !s.view.java {
		return nil // it takes a millisecond that most sandboxes have better use for
	}
	if _, err := s.keystore.Write(keystore(bundle, time.Now())); err != nil {
		return fmt.Errorf("certificates for Java: %w", err)
	}
	return nil
}
