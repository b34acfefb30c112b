package store

import "path/filepath"

// Dirs are the directories everything is kept in; all three are absolute.
type Dirs struct {
	State   string // databases, and a directory for each sandbox
	Config  string // secrets and keys
	Runtime string // control sockets
}

// Sandbox is the directory of one sandbox; its home lies below it.
func (d Dirs) Sandbox(id string) string { return filepath.Join(d.Sandboxes(), id) }

// Socket is the control socket of a sandbox's supervisor.
func (d Dirs) Socket(id string) string { return filepath.Join(d.Runtime, id+".sock") }

// Secrets is the directory with a file for each provider's secret.
func (d Dirs) Secrets() string { return filepath.Join(d.Config, "secrets") }

// all are those that must exist before anything is stored.
func (d Dirs) all() []string {
	return []string{d.State, d.Sandboxes(), d.Config, d.Secrets(), d.Runtime}
}

// Sandboxes holds the directories of all sandboxes.
func (d Dirs) Sandboxes() string { return filepath.Join(d.State, "sandboxes") }

func (d Dirs) database() string { return filepath.Join(d.State, "exeat.db") }
