package confine

import (
	"syscall"

	"exeat/sandbox/reexec"
)

// kind names a message on the control socket.
type kind string

// What the supervisor asks of init.
const (
	kindSpec   kind = "spec"
	kindGo     kind = "go"
	kindExec   kind = "exec"
	kindSignal kind = "signal"
	kindPause  kind = "pause"
	kindResume kind = "resume"
	kindPort   kind = "port"
	// kindExamine comes in the place of kindSpec: nothing is made, see [Examine].
	kindExamine kind = "examine"
)

// What init says.
const (
	kindReady    kind = "ready"
	kindFailed   kind = "failed"
	kindStarted  kind = "started"
	kindRefused  kind = "refused"
	kindExited   kind = "exited"
	kindDone     kind = "done"
	kindOpened   kind = "opened"
	kindExamined kind = "examined"
)

// request goes to init.
type request struct {
	Kind kind
	ID   int `json:",omitempty"`
	// kindSpec: the first file holds the contents of Spec.Files one after the
	// other, Sizes says how much is whose; then the trees of the mounts whose
	// indexes are in Trees.
	Spec  *Spec `json:",omitempty"`
	Sizes []int `json:",omitempty"`
	Trees []int `json:",omitempty"`
	// kindExec: three files are standard input, output and error, unless TTY.
	Exec *ExecSpec `json:",omitempty"`
	// kindSignal
	Signal int `json:",omitempty"`
	// kindPort
	Port int `json:",omitempty"`
}

// notice comes from init.
type notice struct {
	Kind kind
	ID   int `json:",omitempty"`
	// kindReady: the files are /proc, the listener unless Report.NoListener says
	// why there is none, then the sockets in the order of Sockets.
	Sockets []string `json:",omitempty"`
	Report  *report  `json:",omitempty"`
	// kindFailed
	Failed *StartError `json:",omitempty"`
	// kindStarted: the process as the sandbox counts; a file where TTY: the master.
	PID int `json:",omitempty"`
	// kindRefused
	Refused *ExecError `json:",omitempty"`
	// kindExited: the exit status, 128 + n after signal n.
	Code int `json:",omitempty"`
	// kindDone: why kindPause or kindResume failed, empty where it did not.
	Problem string `json:",omitempty"`
	// kindOpened: the files are the listeners; without any, why not.
	NotOpened syscall.Errno `json:",omitempty"`
	// kindExamined
	Findings []Finding `json:",omitempty"`
}

// report is what only init can read back from the kernel.
type report struct {
	// Thread is the one all programs are forked from.
	Thread int
	// LandlockABI is 0 where there is no Landlock.
	LandlockABI int
	// NoLandlock is why; empty where there is one.
	NoLandlock string
	// UserNamespaces is the limit inside.
	UserNamespaces string
	// PIDMax is the pid namespace's own kernel.pid_max; 0 where it has none.
	PIDMax int
	// NoListener is why the kernel gave no seccomp listener; 0 where it did.
	NoListener syscall.Errno
	// Abortable: a signal aborts a connect(2) that is waiting on the listener.
	Abortable bool
	// Slow: the listener has no synchronous wake-up. Only [Examine] asks.
	Slow bool
	// RedirectRules counts the rules that nf_tables lists.
	RedirectRules int
	// NoRedirect is why the kernel cannot redirect; empty where it does.
	NoRedirect string
	// LeftOut are targets of what was optional and missing.
	LeftOut []string
}

// control is the descriptor of init's end of the socket.
const control = reexec.First
