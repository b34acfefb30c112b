package sockets

import (
	"bytes"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"exeat/proxy/identity"
)

// Config is what a Connector needs of its sandbox. The file stays the caller's.
type Config struct {
	// Diag is a NETLINK_SOCK_DIAG socket made in the sandbox's network
	// namespace, used by the Connector alone.
	Diag *os.File
	// UID and GID are the sandbox's on the host. Where this process is root,
	// connects are made as them.
	UID, GID int
	// Landlocked says that the kernel itself refuses sockets from outside
	// (LANDLOCK_ACCESS_FS_RESOLVE_UNIX): what cannot be told is left to it.
	Landlocked bool
	// Refused is told of a socket of the host before its caller is answered.
	Refused func(call *identity.Call, path string)
}

// Connector carries out the connects of one sandbox.
type Connector struct {
	config       Config
	inside, host *diag
	own          uint64 // cookie of the sandbox's network namespace
}

// New fails where the kernel cannot say which sockets are bound to which files.
func New(c Config) (*Connector, error) {
	host, err := openDiag()
	if err != nil {
		return nil, err
	}
	n := &Connector{config: c, inside: &diag{file: c.Diag}, host: host}
	if n.own, err = namespaceOf(c.Diag); err != nil {
		host.file.Close()
		return nil, err
	}
	if _, err := n.inside.bound(place{}, listening); err != nil {
		host.file.Close()
		return nil, fmt.Errorf("this kernel has no unix_diag, which tells the sandbox's unix sockets from the host's: %w", err)
	}
	return n, nil
}

// Close closes what New has made.
func (n *Connector) Close() error { return n.host.file.Close() }

// Connect implements [identity.Handler]. It connects the copy of the socket, so
// a thread that swaps the descriptor (dup2) or the address meanwhile gains
// nothing. A server sees the sandbox's uid, and 0 as pid (SO_PEERCRED).
func (n *Connector) Connect(call *identity.Call) identity.Answer {
	if !n.isOurs(call.Socket) {
		return identity.Answer{Errno: unix.EACCES}
	}
	path, ok := pathOf(call.Address)
	if !ok {
		// No path: abstract names belong to the socket's own network namespace,
		// and everything else is for the kernel to refuse (unix(7)).
		return identity.Answer{Errno: call.Connect(call.Address)}
	}
	return n.connectPath(call, path)
}

// isOurs refuses a socket that was handed in from outside, in whose network
// namespace abstract names are the host's. Kernels before 5.14 cannot tell.
func (n *Connector) isOurs(socket int) bool {
	cookie, err := unix.GetsockoptUint64(socket, unix.SOL_SOCKET, unix.SO_NETNS_COOKIE)
	return err == unix.ENOPROTOOPT || err == nil && cookie == n.own
}

func namespaceOf(socket *os.File) (cookie uint64, err error) {
	raw, err := socket.SyscallConn()
	if err != nil {
		return 0, err
	}
	inner := raw.Control(func(fd uintptr) {
		cookie, err = unix.GetsockoptUint64(int(fd), unix.SOL_SOCKET, unix.SO_NETNS_COOKIE)
	})
	if err == unix.ENOPROTOOPT {
		err = nil
	}
	if inner != nil {
		err = inner
	}
	return cookie, err
}

// pathOf is the path of a struct sockaddr_un. It need not end with a NUL.
func pathOf(address []byte) (string, bool) {
	const start = 2 // after sun_family
	if len(address) <= start || len(address) > unix.SizeofSockaddrUnix || address[start] == 0 ||
		address[0] != unix.AF_UNIX || address[1] != 0 {
		return "", false
	}
	path, _, _ := bytes.Cut(address[start:], []byte{0})
	return string(path), true
}

// connectPath resolves the path and connects what lies there.
func (n *Connector) connectPath(call *identity.Call, path string) identity.Answer {
	from, errno := openFrom(call.TID, path)
	if errno != 0 {
		return identity.Answer{Errno: errno}
	}
	defer from.close()
	answer, whose := identity.Answer{Errno: unix.EACCES}, nobodys
	n.asCaller(func() { answer, whose = n.connectFrom(call, from) })
	if whose == hosts && n.config.Refused != nil {
		n.config.Refused(call, path)
	}
	return answer
}

func (n *Connector) connectFrom(call *identity.Call, from *from) (identity.Answer, owner) {
	file, errno := from.resolve()
	if errno != 0 {
		return identity.Answer{Errno: errno}, nobodys
	}
	defer unix.Close(file)
	if !call.Valid() { // then all of this was another thread's, and nobody waits
		return identity.Answer{Errno: unix.EACCES}, nobodys
	}
	whose, err := n.whose(file, statesFor(call.Socket))
	switch {
	case err != nil:
		return identity.Answer{Errno: unix.EACCES}, nobodys
	case whose == inside, whose == none:
		return identity.Answer{Errno: call.Connect(addressOf(file))}, whose
	case whose == nobodys: // as the kernel answers for a file left by a server that has ended
		return identity.Answer{Errno: unix.ECONNREFUSED}, whose
	case whose == untold && n.config.Landlocked:
		return identity.Answer{Continue: true}, whose
	}
	return identity.Answer{Errno: unix.EACCES}, whose
}

// addressOf names an open file, whatever has become of its path.
func addressOf(file int) []byte {
	address := make([]byte, 2, unix.SizeofSockaddrUnix)
	address[0] = unix.AF_UNIX // both architectures we build for are little-endian
	return append(fmt.Appendf(address, "/proc/self/fd/%d", file), 0)
}
