// Command exeat runs coding agents in rootless sandboxes and decides what they may reach.
package main

import (
	"os"

	"exeat/cmd"
)

func main() {
	if code, ok := cmd.Role(os.Args[1:]); ok {
		os.Exit(code)
	}
	os.Exit(cmd.Main(os.Args[1:], cmd.System()))
}
