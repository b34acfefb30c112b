package cmd

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"exeat/sandbox/toolbox"
	"exeat/store"
)

// realHome is the home directory as mounts know it.
func realHome(env Env) string {
	if real, err := filepath.EvalSymlinks(env.Home); err == nil {
		return real
	}
	return env.Home
}

// programUnderHome finds a command that is installed below the home directory,
// which is not in a sandbox's view: its package alone is mounted. One in the
// workdir is there anyway, and not read-only.
func programUnderHome(tools toolbox.Home, command []string, workdir string) *store.Program {
	if len(command) == 0 {
		return nil
	}
	found, err := exec.LookPath(command[0])
	if err != nil && !errors.Is(err, exec.ErrDot) {
		return nil
	}
	found, err = filepath.Abs(found)
	if err != nil {
		return nil
	}
	p, ok := tools.Program(found)
	if !ok || workdir != "" && strings.HasPrefix(p.Source, workdir+"/") {
		return nil
	}
	return &store.Program{
		Source: p.Source, Link: filepath.Base(command[0]), Show: p.Show, Bin: p.Bin, Interpreter: p.Interpreter, Runs: p.Runs,
	}
}

// toolchains finds what --toolchains shows, and says so, one line each.
func toolchains(env Env, home toolbox.Home) []store.Tool {
	var tools []store.Tool
	for _, tool := range home.Toolchains() {
		fmt.Fprintf(env.Err, "%s %s, read-only, with %s in PATH\n", env.errStyle().dim("toolchain:"), tool.Name, strings.Join(tool.Bin, ", "))
		tools = append(tools, store.Tool(tool))
	}
	if len(tools) == 0 {
		fmt.Fprintf(env.Err, "%s --toolchains found none below %s\n", env.errStyle().warn("note:"), home.Dir)
	}
	return tools
}
