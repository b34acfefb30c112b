package settings

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"exeat/proxy/corporate"
)

// FileName is the file's name in the directory of the user's configuration.
const FileName = "config.yaml"

// maxSize is the most bytes the file may have.
const maxSize = 64 << 10

// Settings are what the file says; without a file they are empty.
type Settings struct {
	// Proxy is asked for every connection; nil where they leave directly.
	Proxy *corporate.Proxy
	// From says where Proxy is from, or why there is none.
	From string
	// CAFile is where Roots are from; empty without.
	CAFile string
	// Roots are more certificates to verify servers with, as PEM.
	Roots []byte
}

// Error is a mistake in the file, with its place, and never with a value of it: that may hold a password.
type Error struct {
	File         string
	Line, Column int // from 1; 0: the whole file
	Text         string
	Way          string // empty: the manual
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Text)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Text)
}

// Hint says what to do about it.
func (e *Error) Hint() string { return cmp.Or(e.Way, "exeat help config") }

// Read reads the file in dir. Environment is HTTPS_PROXY of whoever starts a sandbox, which counts only
// where the file says so.
func Read(dir, environment string) (Settings, error) {
	path := filepath.Join(dir, FileName)
	data, mode, err := readOwn(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Settings{From: "no " + path}, nil
	}
	if err != nil {
		return Settings{}, err
	}
	text, err := parse(path, data)
	if err != nil {
		return Settings{}, err
	}
	s := Settings{From: path}
	if err := s.setProxy(path, text.proxy, environment, mode); err != nil {
		return Settings{}, err
	}
	if err := s.setRoots(path, text.caFile); err != nil {
		return Settings{}, err
	}
	return s, nil
}

// fromEnvironment is the word for whatever the environment says.
const fromEnvironment = "environment"

func (s *Settings) setProxy(path string, v value, environment string, mode fs.FileMode) (err error) {
	switch v.text {
	case "":
		s.From = "no upstream_proxy in " + path
		return nil
	case fromEnvironment:
		return s.setEnvironment(path, v, environment)
	}
	if s.Proxy, err = corporate.Parse(v.text); err != nil {
		return v.wrong(path, "upstream_proxy: "+err.Error(), "")
	}
	if s.Proxy.HasCredentials() && mode.Perm()&0o077 != 0 {
		text := fmt.Sprintf("upstream_proxy: the file contains a password and can be used by others (mode %04o)", mode.Perm())
		return v.wrong(path, text, "chmod 600 "+path)
	}
	return nil
}

// setEnvironment takes what curl takes: a proxy without a scheme speaks plain HTTP.
func (s *Settings) setEnvironment(path string, v value, environment string) (err error) {
	s.From = "HTTPS_PROXY, as " + path + " says"
	if environment == "" {
		s.From = "HTTPS_PROXY is not set, which " + path + " asks for"
		return nil
	}
	if !strings.Contains(environment, "://") {
		environment = "http://" + environment
	}
	if s.Proxy, err = corporate.Parse(environment); err != nil {
		return v.wrong(path, "upstream_proxy: HTTPS_PROXY of the environment: "+err.Error(), "")
	}
	return nil
}

// readOwn reads a file of ours. A symlink is not followed: it may lead to a directory that a sandbox
// can write, and whoever writes this file decides whom all sandboxes trust.
func readOwn(path string) (data []byte, mode fs.FileMode, err error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if errors.Is(err, unix.ELOOP) {
		way := "cp --remove-destination \"$(readlink -f " + path + ")\" " + path
		return nil, 0, &Error{File: path, Text: "is a symbolic link, which is not followed", Way: way}
	}
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	info, err := checkFile(f, path)
	if err != nil {
		return nil, 0, err
	}
	data, err = io.ReadAll(io.LimitReader(f, maxSize+1))
	if err == nil && len(data) > maxSize {
		err = &Error{File: path, Text: fmt.Sprintf("has more than %d bytes", maxSize)}
	}
	return data, info.Mode(), err
}

// checkFile refuses what others can change.
func checkFile(f *os.File, path string) (fs.FileInfo, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return nil, err
	}
	switch {
	case !info.Mode().IsRegular():
		return nil, &Error{File: path, Text: "is not a regular file"}
	case st.Uid != 0 && int(st.Uid) != os.Geteuid():
		text := fmt.Sprintf("belongs to uid %d, neither to you (uid %d) nor to root", st.Uid, os.Geteuid())
		return nil, &Error{File: path, Text: text, Way: "ls -l " + path}
	case info.Mode().Perm()&0o022 != 0:
		return nil, &Error{File: path, Text: fmt.Sprintf("can be changed by others (mode %04o)", info.Mode().Perm()), Way: "chmod go-w " + path}
	}
	return info, nil
}
