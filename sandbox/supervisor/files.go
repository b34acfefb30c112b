package supervisor

import (
	"fmt"
	"strings"

	"exeat/sandbox/confine"
	"exeat/sandbox/netns"
)

// identityFiles are who and where a program in the sandbox finds itself to be.
// The host's own would name its users and ask resolvers that are not there.
func identityFiles(hostname, shell string, uid, gid int) []confine.File {
	return []confine.File{
		{Path: "/etc/passwd", Content: passwd(shell, uid, gid)},
		{Path: "/etc/group", Content: group(gid)},
		{Path: "/etc/hostname", Content: []byte(hostname + "\n")},
		{Path: "/etc/hosts", Content: fmt.Appendf(nil, "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n127.0.1.1\t%s\n%s\t%s\n%s\t%s\n", hostname, netns.LocalAddr(), netns.LocalName, netns.HostAddr(), netns.HostName)},
		{Path: "/etc/resolv.conf", Content: []byte("nameserver 127.0.0.1\noptions timeout:5 attempts:2\n")},
		// files and dns only: nss-resolve and nscd would ask sockets of the host.
		{Path: "/etc/nsswitch.conf", Content: []byte("passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nnetworks: files\nprotocols: files\nservices: files\n")},
	}
}

func passwd(shell string, uid, gid int) []byte {
	var b strings.Builder
	b.WriteString("root:x:0:0:root:/:/usr/sbin/nologin\n")
	fmt.Fprintf(&b, "%s:x:%d:%d:sandbox:%s:%s\n", userName, uid, gid, homePath, shell)
	if uid != nobody {
		fmt.Fprintf(&b, "nobody:x:%d:%d:nobody:/:/usr/sbin/nologin\n", nobody, nobody)
	}
	return []byte(b.String())
}

func group(gid int) []byte {
	var b strings.Builder
	b.WriteString("root:x:0:\n")
	fmt.Fprintf(&b, "%s:x:%d:\n", userName, gid)
	if gid != nobody {
		fmt.Fprintf(&b, "nogroup:x:%d:\n", nobody)
	}
	return []byte(b.String())
}

// nobody is the kernel's overflow id: what every other owner looks like inside.
const nobody = 65534
