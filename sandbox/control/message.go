package control

import "time"

// Status is what a supervisor says about its sandbox.
type Status struct {
	ID              string      `json:"id"`
	Name            string      `json:"name"`
	PID             int         `json:"pid"`      // the supervisor's, on the host
	InitPID         int         `json:"init_pid"` // the sandbox's init, on the host
	Revision        int         `json:"revision"`
	Digest          string      `json:"digest"`
	StatementDigest string      `json:"statement_digest,omitempty"` // of the newest statement in force
	Frozen          bool        `json:"frozen"`
	Approvers       []string    `json:"approvers,omitempty"` // fingerprints, with name and strength
	StartedAt       time.Time   `json:"started_at"`
	Running         []Process   `json:"running"`
	Isolation       []Mechanism `json:"isolation"`
	Warnings        []string    `json:"warnings,omitempty"` // what was asked for and could not be given
	Main            *MainState  `json:"main,omitempty"`
	Limits          []Limit     `json:"limits"`
	AfterRestart    []string    `json:"after_restart,omitempty"` // paths approved and not shown yet
	Paused          string      `json:"paused,omitempty"`        // why all programs are stopped; empty while they run
}

// Process is a program running in the sandbox that was started over this socket.
type Process struct {
	ID        int       `json:"id"`
	Argv      []string  `json:"argv"`
	TTY       bool      `json:"tty"`
	Main      bool      `json:"main"`
	StartedAt time.Time `json:"started_at"`
}

// Mechanism is one part of the isolation as read back from the kernel.
type Mechanism struct {
	Name   string `json:"name"`
	State  string `json:"state"`
	Detail string `json:"detail,omitempty"`
}

// Limit is one bound on what the sandbox uses and who enforces it, read back
// from the kernel where the kernel does.
type Limit struct {
	Name      string `json:"name"`
	Max       *int64 `json:"max"`            // null: no bound
	Used      *int64 `json:"used,omitempty"` // absent where nobody counts
	Unit      string `json:"unit"`           // "bytes" or "number"
	Mechanism string `json:"mechanism"`
}

// MainState is the sandbox's own command: running, or ended with ExitCode.
type MainState struct {
	Running  bool `json:"running"`
	ExitCode int  `json:"exit_code"`
}

// Policy is the policy in force, as canonical text, and the statement it was signed with.
type Policy struct {
	Revision  int    `json:"revision"`
	Text      string `json:"text"`
	Statement []byte `json:"statement,omitempty"`
}

// ExecRequest asks for a program in the sandbox.
type ExecRequest struct {
	Argv []string `json:"argv"`
	Env  []string `json:"env,omitempty"` // NAME=VALUE, added to the sandbox's own environment
	Dir  string   `json:"dir,omitempty"` // empty: the workdir, else the home
	TTY  bool     `json:"tty,omitempty"`
	Rows int      `json:"rows,omitempty"`
	Cols int      `json:"cols,omitempty"`
	Main bool     `json:"main,omitempty"` // the sandbox's command; with NoKeep its end is the sandbox's
	// Found is where the caller's own PATH has the program, for the explanation
	// when the sandbox has none of that name.
	Found string `json:"found,omitempty"`
}

// Launch is the first message a supervisor gets, from the process that starts
// it: what only that process knows. Values of --env travel here, never in argv,
// which every user of the machine can read.
type Launch struct {
	ID       string            `json:"id"`
	State    string            `json:"state"`
	Config   string            `json:"config"`
	Runtime  string            `json:"runtime"`
	Home     string            `json:"home"` // of the user: never mounted as a whole
	Env      map[string]string `json:"env,omitempty"`
	GitName  string            `json:"git_name,omitempty"`
	GitEmail string            `json:"git_email,omitempty"`
	// Secrets are those of providers whose secret is in the desktop's keyring,
	// which a supervisor does not reach. They travel as Env does.
	Secrets map[string]string `json:"secrets,omitempty"`
	Proxy   string            `json:"proxy,omitempty"` // HTTPS_PROXY of whoever starts the sandbox, which counts only where config.yaml says so
}

// Ready is the supervisor's answer to a Launch: a PID that serves, or why not.
type Ready struct {
	PID      int      `json:"pid"`
	Warnings []string `json:"warnings,omitempty"`
	Error    *Error   `json:"error,omitempty"`
}

// The calls. This list is the whole control surface of a sandbox.
const (
	callStatus = "status" // → Status
	callPolicy = "policy" // → Policy
	callLoad   = "load"   // Revision → nothing; the revision is read from the store and its signature checked
	callAwait  = "await"  // After → Revision; returns when a newer revision is in force
	callStop   = "stop"   // → nothing; the sandbox ends after the reply
	callPaused = "paused" // → Paused; Status says it too, and takes long where there is much to read
	callPause  = "pause"  // → nothing; every program is stopped
	callResume = "resume" // → nothing; they run again
	callExec   = "exec"   // Exec → nothing, then the stream
	callRotate = "rotate" // Provider, Secret → nothing; without a secret the supervisor reads its file
	callDetach = "detach" // Provider → nothing; its secret is lent no more
)

// request is what a client sends: a call and the one argument it takes.
type request struct {
	Call     string       `json:"call"`
	Revision int          `json:"revision,omitempty"`
	After    int          `json:"after,omitempty"`
	Exec     *ExecRequest `json:"exec,omitempty"`
	Provider string       `json:"provider,omitempty"`
	Secret   string       `json:"secret,omitempty"` // only from a keyring; this socket is the user's own
}

// reply is what a server answers: an error, or the one field its call fills.
type reply struct {
	Error    *Error  `json:"error,omitempty"`
	Status   *Status `json:"status,omitempty"`
	Policy   *Policy `json:"policy,omitempty"`
	Paused   string  `json:"paused,omitempty"`
	Revision int     `json:"revision,omitempty"`
}
