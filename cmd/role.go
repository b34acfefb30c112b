package cmd

import (
	"exeat/sandbox/confine"
	"exeat/sandbox/supervisor"
)

// Role runs one of the binary's hidden roles when args name one. It comes
// before everything else because it is on the path of every sandbox start.
func Role(args []string) (code int, ok bool) {
	if len(args) == 0 {
		return 0, false
	}
	switch args[0] {
	case "init":
		return confine.Init(), true
	case "supervise":
		return supervisor.Main(args[1:]), true
	}
	return 0, false
}
