package identity

import (
	"net"
	"net/netip"
	"slices"
)

// Caller is the program that called connect(), as the kernel names it inside the sandbox.
type Caller struct {
	// Exe is the absolute path of the executable, as seen in the sandbox.
	Exe string
	// Ancestors are the executables of the parent, its parent and so on, without the sandbox's init.
	// One that cannot be vouched for is kept with its reason, in a form that is no absolute path and
	// so matches no policy: "?/usr/bin/node (deleted)".
	Ancestors []string
	// PID is the process as the host numbers it; it must not be shown inside the sandbox.
	PID int
	// Hash is the lower-case hex SHA-256 of the executable's content.
	Hash string
	// Unknown says why no identity could be established; then nothing may be granted.
	// Exe may still be set, for the record.
	Unknown string
}

// Table answers who is behind an accepted connection.
type Table interface {
	// Lookup finds the process that connected client. The original destination is what the process
	// asked for: after a redirect it differs from client.LocalAddr. A caller that is not known has
	// Unknown set. An error means that the kernel could not be asked; the caller is unknown then too.
	Lookup(client net.Conn, original netip.AddrPort) (Caller, error)
}

// same tells whether two callers have the same rights.
func (c Caller) same(o Caller) bool {
	return c.Exe == o.Exe && c.Hash == o.Hash && c.Unknown == o.Unknown && slices.Equal(c.Ancestors, o.Ancestors)
}
