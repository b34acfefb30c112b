package settings

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// maxRoots is the most bytes a file of certificates may have.
const maxRoots = 4 << 20

// setRoots reads the certificates of a file, and only them: what is read here is shown to the sandbox,
// and a key may lie in the same file.
func (s *Settings) setRoots(path string, v value) error {
	if v.text == "" {
		return nil
	}
	if !filepath.IsAbs(v.text) {
		return v.wrong(path, "ca_file: want an absolute path", "")
	}
	data, err := readRoots(v.text)
	if err == nil {
		s.CAFile = v.text
		s.Roots, err = certificates(data)
	}
	var wrong *Error
	switch {
	case errors.As(err, &wrong):
		return v.wrong(path, "ca_file: "+wrong.Error(), wrong.Way)
	case err != nil:
		return v.wrong(path, "ca_file: "+err.Error(), "")
	}
	return nil
}

func readRoots(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if _, err := checkFile(f, path); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxRoots+1))
	if err == nil && len(data) > maxRoots {
		err = errors.New("the file is too long")
	}
	return data, err
}

// certificates are those of a PEM file, written anew.
func certificates(data []byte) ([]byte, error) {
	var all []byte
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return nil, err
		}
		all = append(all, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: block.Bytes})...)
	}
	if len(all) == 0 {
		return nil, errors.New("no certificate in PEM (-----BEGIN CERTIFICATE-----) is in it")
	}
	return all, nil
}
