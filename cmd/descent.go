package cmd

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// agentVariables are environment variables that coding agents set for what
// they start. Values do not matter, only that one is there.
var agentVariables = []string{
	"CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT", "CODEX_SANDBOX", "CODEX_THREAD_ID", "CURSOR_AGENT",
	"GEMINI_CLI", "OPENCODE", "AIDER_CHAT", "GOOSE_TERMINAL", "AGENT_SANDBOX",
}

// descentError names the agent this command was started by.
type descentError struct {
	pid  int
	name string
	why  string
}

func (e *descentError) Error() string {
	return fmt.Sprintf("this shell was started by %s (pid %d), which %s: an agent may ask for access and never grant it", e.name, e.pid, e.why)
}

func (e *descentError) Hint() string { return "open another terminal, and run the command there" }

// refuseAgents refuses a caller that descends from an agent: from the parent of
// a live `exeat mcp serve`, or from a process with an agent's environment. It is
// a guard rail for honest agents: a double fork evades it, the signature does not
// depend on it.
func refuseAgents(env Env) error {
	servers := liveServers(env.Dirs)
	for pid := os.Getpid(); pid > 1; {
		if started, ok := servers[pid]; ok && started == startTime(pid) {
			return &descentError{pid, commandName(pid), "is connected to exeat's MCP server"}
		}
		if name := agentVariable(pid); name != "" {
			return &descentError{pid, commandName(pid), "has an agent's environment (" + name + ")"}
		}
		pid = parentOf(pid)
	}
	return nil
}

// agentVariable returns the first agent variable a process was started with.
func agentVariable(pid int) string {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil {
		return "" // another user's process, such as the login's: not ours to read
	}
	for entry := range bytes.SplitSeq(raw, []byte{0}) {
		name, _, _ := strings.Cut(string(entry), "=")
		for _, known := range agentVariables {
			if name == known {
				return name
			}
		}
	}
	return ""
}

func commandName(pid int) string {
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		return "an unknown process"
	}
	return strings.TrimSpace(string(name))
}

func parentOf(pid int) int {
	n, _ := strconv.Atoi(statField(pid, 4))
	return n
}

// startTime is field 22 of proc_pid_stat(5): with the pid it names a process for good.
func startTime(pid int) string { return statField(pid, 22) }

// statField reads a field of /proc/PID/stat after the command name, which may
// itself hold spaces and brackets.
func statField(pid, field int) string {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
	if len(fields) < field-2 {
		return ""
	}
	return fields[field-3]
}

// serverDir holds one file for each live MCP server: its name is the pid of the
// server's parent, its content that process's start time.
func serverDir(runtime string) string { return filepath.Join(runtime, "mcp") }
