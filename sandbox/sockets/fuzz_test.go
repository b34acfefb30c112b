package sockets

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// FuzzPathOf: what is a path to the kernel is one to us, or it would be connected
// without having been looked at.
func FuzzPathOf(f *testing.F) {
	for _, seed := range []string{"\x01\x00/tmp/s", "\x01\x00\x00abstract", "\x01\x00", "\x02\x00/tmp", "\x01\x00/a\x00b", ""} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, address []byte) {
		path, ok := pathOf(address)
		kernel := len(address) > 2 && len(address) <= unix.SizeofSockaddrUnix && address[0] == unix.AF_UNIX && address[1] == 0 && address[2] != 0
		if ok != kernel || ok && (path == "" || strings.Contains(path, "\x00")) {
			t.Errorf("%q: got %q, %v", address, path, ok)
		}
	})
}

// FuzzOwnLink only ever leads into the caller's own directory of /proc.
func FuzzOwnLink(f *testing.F) {
	for _, seed := range []string{"/proc/self/fd/5/s", "/proc/self/root/x", "/proc/self/cwd", "/proc/self/fd/../../1/root/x", "/dev/fd/3", "/proc/self/fd/-1/x", "/proc/self/exe"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		link, rest, ok := ownLink("/proc/0", name)
		if ok && (!strings.HasPrefix(link, "/proc/0/") || strings.Contains(link, "..") || strings.HasPrefix(rest, "/")) {
			t.Errorf("%q: got %q and %q", name, link, rest)
		}
	})
}

// FuzzScan reads no further than the answer goes.
func FuzzScan(f *testing.F) {
	f.Add(question(1, listening))
	f.Fuzz(func(t *testing.T, answer []byte) {
		_, _, _ = scan(answer, 1, place{1, 2})
	})
}
