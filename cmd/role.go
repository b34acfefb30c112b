package cmd

import "exeat/sandbox/supervisor"

// Role runs the binary's hidden role of a supervisor when args name it. It comes
// before everything else because it is on the path of every sandbox start.
func Role(args []string) (code int, ok bool) {
	if len(args) == 0 {
		return 0, false
	}
	if args[0] != "supervise" { // "init" is answered by package confine, even earlier
		return 0, false
	}
	return supervisor.Main(args[1:]), true
}
