// Command bench measures a built exeat against bubblewrap: how long until a sandbox runs its first instruction, and until a policy is in force.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: bench PATH-OF-EXEAT")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// run measures in a home of its own and removes it.
func run(binary string) error {
	abs, err := filepath.Abs(binary)
	if err != nil {
		return err
	}
	home, err := os.MkdirTemp("", "exeat-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(home)
	b := &bench{binary: abs, env: append(os.Environ(), "HOME="+home, "XDG_STATE_HOME=", "XDG_CONFIG_HOME=", "XDG_RUNTIME_DIR=", "NO_COLOR=1")}
	fmt.Printf("%-44s %10s %8s %10s\n", "figure", "median", "ratio", "target")
	if err := b.start(); err != nil {
		return err
	}
	return b.reload(home)
}
