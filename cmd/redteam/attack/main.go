// Command attack is a hostile program: each of its commands tries some ways out of a sandbox and says what the kernel answered.
package main

import (
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"

	"golang.org/x/sys/unix"
)

// attacks are the ways out, by name. They print a line for each try and never
// give up at the first refusal.
var attacks = map[string]func(args []string){
	"calls": calls, "numbers": numbers, "namespaces": namespaces, "int80": int80, "nothing": func([]string) {},
	"init": againstInit, "invade": invade, "setuid": becomeRoot, "type": typeAhead, "sysv": sharedMemory,
	"files": files, "handle": handles, "devices": devices, "reopen": reopen, "write": write, "read": read,
	"families": families, "bind": impersonate, "route": route, "udp": udp, "unix": connectUnix,
	"get": get, "raw": raw, "fd": useFile, "hand": handDown, "pass": passOn, "flood": flood, "crowd": crowd, "twice": twice,
	"memfd": memfd, "bomb": bomb, "fork": forkTwice, "files-open": openFiles, "knot": knot, "reserve": reserve,
}

func main() {
	if len(os.Args) < 2 || attacks[os.Args[1]] == nil {
		names := make([]string, 0, len(attacks))
		for name := range attacks {
			names = append(names, name)
		}
		sort.Strings(names)
		fmt.Fprintln(os.Stderr, "attack", strings.Join(names, "|"), "...")
		os.Exit(2)
	}
	attacks[os.Args[1]](os.Args[2:])
}

// tried says how a try went. SUCCEEDED is what no row of the table may see.
func tried(what string, err error) {
	var errno unix.Errno
	switch {
	case err == nil:
		fmt.Printf("%s: SUCCEEDED\n", what)
	case errors.As(err, &errno):
		fmt.Printf("%s: %s\n", what, unix.ErrnoName(errno))
	default:
		fmt.Printf("%s: %v\n", what, err)
	}
}

// barred reports a call that must not get past the filter: an answer other
// than the filter's own means that the kernel looked at the arguments.
func barred(what string, errno unix.Errno) {
	switch errno {
	case unix.EPERM, unix.ENOSYS, unix.EACCES, unix.EAFNOSUPPORT, unix.EPROTONOSUPPORT, unix.ESOCKTNOSUPPORT, unix.EOPNOTSUPP:
		fmt.Printf("%s: %s\n", what, unix.ErrnoName(errno))
	case 0:
		fmt.Printf("%s: SUCCEEDED\n", what)
	default:
		fmt.Printf("%s: REACHED THE KERNEL (%s)\n", what, unix.ErrnoName(errno))
	}
}
