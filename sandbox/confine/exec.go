package confine

import (
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"exeat/sandbox/reexec"
)

// ExecSpec is one program to start in a sandbox.
type ExecSpec struct {
	// Argv is the program, looked up in the PATH of Env where it has no slash,
	// and its arguments.
	Argv []string
	// Env is its whole environment.
	Env []string
	// Dir is its working directory in the view; empty is "/".
	Dir string
	// TTY gives it a terminal of Rows by Cols in the sandbox's own /dev/pts.
	TTY        bool
	Rows, Cols int
}

// Process is a program of a sandbox, the leader of a session of its own. The
// caller closes its files.
type Process struct {
	// ID names it towards the [Box].
	ID int
	// PID is its number inside the sandbox.
	PID int
	// Argv is what was started.
	Argv []string
	// Terminal is the master of its terminal, else nil.
	Terminal *os.File
	// Stdin, Stdout and Stderr are pipes to it; nil where it has a terminal.
	Stdin, Stdout, Stderr *os.File

	done chan struct{}
	code int // set before done is closed
}

// killed is the exit status of a program that ended with its sandbox.
const killed = 128 + int(unix.SIGKILL)

// Wait waits for the program to end and returns its exit status: 128 + n after
// signal n, which is also what the end of the sandbox does to it.
func (p *Process) Wait() int {
	<-p.done
	return p.code
}

// Done is closed when the program has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Resize sets the size of the terminal; the program gets SIGWINCH.
func (p *Process) Resize(rows, cols int) error {
	if p.Terminal == nil {
		return nil
	}
	return unix.IoctlSetWinsize(int(p.Terminal.Fd()), unix.TIOCSWINSZ, winsize(rows, cols))
}

func winsize(rows, cols int) *unix.Winsize {
	return &unix.Winsize{Row: uint16(min(max(rows, 0), 0xffff)), Col: uint16(min(max(cols, 0), 0xffff))}
}

// Close closes the caller's ends of the program's files.
func (p *Process) Close() {
	reexec.CloseAll([]*os.File{p.Terminal, p.Stdin, p.Stdout, p.Stderr})
}

// Exec starts a program; any number run at once. The error is an [*ExecError]
// where the program is to blame, [ErrEnded] where there is no sandbox any more.
func (b *Box) Exec(spec ExecSpec) (*Process, error) {
	if len(spec.Argv) == 0 || spec.Argv[0] == "" {
		return nil, &ExecError{Problem: NotFound, Errno: unix.ENOENT}
	}
	p := &Process{Argv: slices.Clone(spec.Argv), done: make(chan struct{})}
	var theirs []*os.File
	if !spec.TTY {
		var err error
		if theirs, err = p.pipes(b.uid, b.gid); err != nil {
			return nil, err
		}
		defer reexec.CloseAll(theirs)
	}
	reply, err := b.enlist(p)
	if err != nil {
		p.Close()
		return nil, err
	}
	if err := b.conn.Send(request{Kind: kindExec, ID: p.ID, Exec: &spec}, theirs...); err != nil {
		b.forget(p.ID)
		p.Close()
		return nil, b.sendError(err)
	}
	return b.await(p, reply)
}

// sendError tells a program line that no message carries from a sandbox that is gone.
func (b *Box) sendError(err error) error {
	if b.hasEnded() {
		return ErrEnded
	}
	return err
}

func (b *Box) await(p *Process, reply <-chan notice) (*Process, error) {
	select {
	case n := <-reply:
		if n.Refused != nil {
			p.Close()
			return nil, n.Refused
		}
		return p, nil
	case <-b.ended:
		b.forget(p.ID)
		p.Close()
		return nil, ErrEnded
	}
}

// Processes are the programs that run now, oldest first.
func (b *Box) Processes() []*Process {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []*Process
	for _, p := range b.processes {
		if p.PID != 0 {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(x, y *Process) int { return x.ID - y.ID })
	return all
}
