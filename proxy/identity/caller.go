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
	// so matches no policy: "?/usr/bin/node (deleted)". "?orphan" at the end stands for ancestors that were lost,
	// because one of them was killed.
	Ancestors []string
	// PID is the process as the host numbers it; it must not be shown inside the sandbox. It is 0 where several
	// processes had the connection.
	PID int
	// Hash is the lower-case hex SHA-256 of the executable's content.
	Hash string
	// Tainted names the first file with code in the process that is the agent's: one it can write, has in
	// memory only, or has deleted; as seen in the sandbox. "" where there was none when it called connect(),
	// "unreadable" where the kernel would not tell.
	Tainted string
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

// same tells whether two callers are the same program. Taint is not compared but kept, see record.finish.
func (c Caller) same(o Caller) bool {
	return c.Exe == o.Exe && c.Hash == o.Hash && c.Unknown == o.Unknown && slices.Equal(c.Ancestors, o.Ancestors)
}
