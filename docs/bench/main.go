// Command bench measures a built exeat: how long until a sandbox runs its first instruction and until a policy is in force, what it costs to run in one, and how peers do.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == filesRole {
		if err := touchFiles(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, "error:", err)
			os.Exit(1)
		}
		return
	}
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
	user, err := os.UserHomeDir()
	if err != nil {
		return err
	}
	home, err := os.MkdirTemp(user, ".exeat-bench-") // not below /tmp, where codex refuses to run
	if err != nil {
		return err
	}
	defer os.RemoveAll(home)
	b := &bench{binary: abs, home: home, env: append(os.Environ(), "HOME="+home, "XDG_STATE_HOME=", "XDG_CONFIG_HOME=", "XDG_RUNTIME_DIR=", "NO_COLOR=1")}
	heading()
	for _, measure := range []func() error{b.start, b.running, b.reload} {
		if err := measure(); err != nil {
			return err
		}
	}
	return nil
}
