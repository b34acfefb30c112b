// Command demo plays the whole story on this machine: denied, read, proposed, approved, in force, retried.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"exeat/cmd/demo/agents"
	"exeat/cmd/demo/standin"
	"exeat/cmd/demo/world"
)

// The two repositories of the story, and GitHub's addresses in its world.
const (
	repository = "acme/widgets"
	other      = "acme/secrets"
	gitHost    = "140.82.112.3"
	apiHost    = "140.82.112.6"
)

func main() {
	world.Role()
	os.Exit(run(os.Args[1:]))
}

// run is the program in each of its roles: started by the user it makes the
// world, inside the world it tells the story, in the sandbox and on the
// host it is an agent.
func run(args []string) int {
	ctx := context.Background()
	switch {
	case len(args) == 1 && args[0] == "inside":
		return verdict((&agents.Inside{Repository: repository, Other: other}).Run(ctx))
	case len(args) == 2 && args[0] == "host":
		return verdict((&agents.Host{Binary: args[1], Sandbox: sandboxName, Repository: repository}).Run(ctx))
	case len(args) == 2 && args[0] == "story":
		return tell(ctx, args[1])
	case len(args) == 1:
		return start(args[0])
	}
	fmt.Fprintln(os.Stderr, "usage: demo PATH-OF-EXEAT")
	return 2
}

func verdict(err error) int {
	if err != nil {
		return 1
	}
	return 0
}

// start makes the stand-in's certificate authority and the world that trusts it.
func start(binary string) int {
	ca, err := standin.NewCA()
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		return 1
	}
	abs, err := filepath.Abs(binary)
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		return 1
	}
	self, err := os.Executable()
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		return 1
	}
	key, err := ca.KeyPEM()
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		return 1
	}
	code, err := world.Run(world.Config{
		UID: os.Getuid(), GID: os.Getgid(),
		Hosts:  map[string]string{"github.com": gitHost, "api.github.com": apiHost},
		Bundle: ca.PEM(), Files: map[string]string{"bin/exeat": abs, "agent/agent": self},
		Args: []string{"story", string(key)},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		return 1
	}
	return code
}

// tell plays the story and prints the verdict.
func tell(ctx context.Context, key string) int {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	s := &story{dir: world.Dir(), began: time.Now()}
	if err := s.play(ctx, []byte(key)); err != nil {
		s.line("FAILED: %v", err)
		return 1
	}
	s.line("done: every step went as it should")
	return 0
}
