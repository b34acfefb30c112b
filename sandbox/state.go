package sandbox

// Values of store.Sandbox.State: what a supervisor last wrote of itself. Whether
// a sandbox runs now is Info.Running.
const (
	StateRunning = "running"
	StateStopped = "stopped"
)
