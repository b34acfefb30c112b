package cmd

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"exeat/store"
)

func newMCPCommand(env Env) *cobra.Command {
	return parent("mcp", "Serve agents: on the host, and from within a sandbox",
		newMCPServeCommand(env), newMCPInsideCommand(env))
}

// recordServer notes for as long as this MCP server lives which process it
// serves, so that `approve` refuses what that process starts.
func recordServer(dirs store.Dirs) (remove func(), err error) {
	dir := serverDir(dirs.Runtime)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("record this server: %w", err)
	}
	path := filepath.Join(dir, strconv.Itoa(os.Getpid()))
	line := fmt.Sprintf("%s %d %s\n", startTime(os.Getpid()), os.Getppid(), startTime(os.Getppid()))
	if err := os.WriteFile(path, []byte(line), 0o600); err != nil {
		return nil, fmt.Errorf("record this server: %w", err)
	}
	return func() { os.Remove(path) }, nil
}

// liveServers returns the parents of live MCP servers: pid to start time. What
// a killed server left behind is recognised by its own start time.
func liveServers(dirs store.Dirs) map[int]string {
	parents := map[int]string{}
	files, _ := filepath.Glob(filepath.Join(serverDir(dirs.Runtime), "*"))
	for _, file := range files {
		var started, parentStarted string
		var parent int
		raw, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		server, _ := strconv.Atoi(filepath.Base(file))
		if n, _ := fmt.Sscan(string(raw), &started, &parent, &parentStarted); n != 3 {
			continue
		}
		if startTime(server) != started {
			os.Remove(file)
			continue
		}
		parents[parent] = parentStarted
	}
	return parents
}
