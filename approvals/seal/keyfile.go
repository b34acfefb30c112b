package seal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/crypto/chacha20poly1305"
	"golang.org/x/sys/unix"
)

// ErrNoKey says that no approver key has been made yet.
var ErrNoKey error = &problem{errors.New("no approver key on this machine"), "exeat approver init"}

// maxKeyFile bounds what is read as a key; one has about 600 bytes.
const maxKeyFile = 64 << 10

// Load reads the sealed key at path. It must be a regular file of this user
// that nobody else can read: ErrNoKey when there is none.
func Load(path string) (Key, error) {
	text, err := readPrivate(path)
	if errors.Is(err, os.ErrNotExist) {
		return Key{}, ErrNoKey
	}
	if err != nil {
		return Key{}, fmt.Errorf("read approver key: %w", err)
	}
	key, err := parseKey(text)
	if err != nil {
		return Key{}, fmt.Errorf("read approver key %s: %w", path, err)
	}
	return key, nil
}

// Create writes a new key to path and refuses to replace one: sandboxes that
// pinned the old one could never be changed again.
func (k Key) Create(path string) error {
	temp, err := k.write(path)
	if err != nil {
		return err
	}
	defer os.Remove(temp)
	err = os.Link(temp, path)
	if errors.Is(err, os.ErrExist) {
		return &problem{fmt.Errorf("%w: %s", ErrKeyExists, path), "exeat approver list"}
	}
	if err != nil {
		return fmt.Errorf("write approver key: %w", err)
	}
	return syncDir(path)
}

// Replace writes the key over the one at path, all of it or nothing.
func (k Key) Replace(path string) error {
	temp, err := k.write(path)
	if err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		os.Remove(temp)
		return fmt.Errorf("write approver key: %w", err)
	}
	return syncDir(path)
}

// write puts the key into a synced temporary file (0600) beside path.
func (k Key) write(path string) (temp string, err error) {
	text, err := json.MarshalIndent(k.file, "", "  ")
	if err != nil {
		return "", err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".approver-*")
	if err != nil {
		return "", fmt.Errorf("write approver key: %w", err)
	}
	_, err = f.Write(append(text, '\n'))
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		os.Remove(f.Name())
		return "", fmt.Errorf("write approver key: %w", err)
	}
	return f.Name(), nil
}

// syncDir makes a new name in path's directory survive a power cut.
func syncDir(path string) error {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("write approver key: %w", err)
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func parseKey(text []byte) (Key, error) {
	var file keyFile
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil {
		return Key{}, fmt.Errorf("not an approver key: %w", err)
	}
	switch {
	case file.Version != version || file.KDF != kdfName || file.Cipher != cipherName:
		return Key{}, errors.New("sealed in a way this version does not know")
	case !validPublic(file.Public) || len(file.Nonce) != chacha20poly1305.NonceSize || len(file.Salt) < 16:
		return Key{}, errors.New("not a complete approver key")
	}
	return Key{file}, nil
}

// readPrivate reads a file of this user that is nobody else's business. It
// checks the open descriptor, so that nothing can be swapped in between.
func readPrivate(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return nil, err
	}
	switch {
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		return nil, fmt.Errorf("%s is not a regular file", path)
	case int(st.Uid) != os.Geteuid():
		return nil, fmt.Errorf("%s belongs to uid %d", path, st.Uid)
	case st.Mode&0o077 != 0:
		return nil, &problem{fmt.Errorf("%s can be read by others", path), "chmod 600 " + path}
	}
	return io.ReadAll(io.LimitReader(f, maxKeyFile))
}
