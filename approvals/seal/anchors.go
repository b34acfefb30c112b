package seal

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"exeat/store"
)

// Anchors are the approver keys that root has listed for this machine. Where
// the list exists no other key counts, whatever the user's own records pin:
// those can be rewritten by anything that runs as the user.
type Anchors struct {
	path   string
	absent bool
	keys   [][]byte
}

// maxAnchors bounds the file of anchors.
const maxAnchors = 1 << 20

// ReadAnchors reads the list at path, usually /etc/exeat/approvers. No such
// file is no restriction. A file that someone else than root could have
// written is an error: ignoring it would drop the restriction.
//
// The format is that of SSH's authorized_keys without options: one
// "ssh-ed25519 BASE64 NAME" a line, `#` begins a comment.
func ReadAnchors(path string) (Anchors, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if errors.Is(err, os.ErrNotExist) {
		return Anchors{path: path, absent: true}, nil
	}
	if err != nil {
		return Anchors{}, fmt.Errorf("read the machine's approvers: %w", err)
	}
	defer f.Close()
	if err := rootOnly(f, path); err != nil {
		return Anchors{}, fmt.Errorf("read the machine's approvers: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxAnchors))
	if err != nil {
		return Anchors{}, fmt.Errorf("read the machine's approvers: %w", err)
	}
	keys, err := parseAnchors(text)
	if err != nil {
		return Anchors{}, fmt.Errorf("read the machine's approvers: %s: %w", path, err)
	}
	return Anchors{path: path, keys: keys}, nil
}

// Trusted are those of the pinned approvers that count on this machine. None
// left is an error, unless none was pinned.
func (a Anchors) Trusted(pinned []store.Approver) ([]store.Approver, error) {
	var trusted []store.Approver
	for _, approver := range pinned {
		if a.Allows(approver.Public) {
			trusted = append(trusted, approver)
		}
	}
	if len(trusted) == 0 && len(pinned) > 0 {
		return nil, fmt.Errorf("%w: none of the sandbox's keys is in %s, and no other counts on this machine", ErrUnknownApprover, a.path)
	}
	return trusted, nil
}

// Allows says whether a key counts on this machine.
func (a Anchors) Allows(public []byte) bool {
	for _, key := range a.keys {
		if bytes.Equal(key, public) {
			return true
		}
	}
	return a.absent
}

// AnchorLine is the line that lists an approver in the file of anchors.
func AnchorLine(approver store.Approver) string {
	return keyType + " " + base64.StdEncoding.EncodeToString(wire(approver.Public)) + " " + approver.Name
}

// parseAnchors reads every line or nothing: a mistyped key must not pass for none.
func parseAnchors(text []byte) ([][]byte, error) {
	var keys [][]byte
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if len(fields) < 2 || fields[0] != keyType {
			return nil, fmt.Errorf("line %d: want %q, a key and a name", number, keyType)
		}
		blob, err := base64.StdEncoding.DecodeString(fields[1])
		prefix := len(wire(nil))
		if err != nil || len(blob) <= prefix || !validPublic(blob[prefix:]) || !bytes.Equal(blob, wire(blob[prefix:])) {
			return nil, fmt.Errorf("line %d: not an Ed25519 public key", number)
		}
		keys = append(keys, blob[prefix:])
	}
	return keys, nil
}

// rootOnly refuses a file that root does not own or others can write, and one
// in such a directory, where it could be replaced.
func rootOnly(f *os.File, path string) error {
	dir, err := os.OpenFile(filepath.Dir(path), unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	defer dir.Close()
	for _, file := range []*os.File{f, dir} {
		var st unix.Stat_t
		if err := unix.Fstat(int(file.Fd()), &st); err != nil {
			return err
		}
		if st.Uid != 0 || st.Mode&0o022 != 0 {
			return fmt.Errorf("%s must belong to root and be writable by root alone", file.Name())
		}
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", path)
	}
	return nil
}
