package confine

import (
	"os"
	"sync"
	"syscall"

	"exeat/sandbox/netns"
	"exeat/sandbox/reexec"
)

// Box is a running sandbox. Its files belong to it and are closed by [Box.Close].
type Box struct {
	// Sockets are the sandbox's network; the caller serves them.
	Sockets *netns.Sockets
	// Proc is the /proc of the sandbox's pid namespace.
	Proc *os.File
	// Notify is the seccomp listener: each connect(2) and exit_group(2) waits for its answer. It is
	// nil where the kernel gives none, and connects then go on unseen.
	Notify *os.File
	// PID is init's, as the host counts.
	PID int
	// PIDFD refers to init.
	PIDFD *os.File
	// LeftOut are the targets of optional mounts and files that were not there.
	LeftOut []string

	conn     *reexec.Conn
	uid, gid int // on the host
	report   report
	ended    chan struct{}
	state    *os.ProcessState // set before ended is closed
	reader   sync.WaitGroup   // of what init says
	close    sync.Once

	mu        sync.Mutex // guards what follows
	released  bool
	next      int
	waiting   map[int]chan notice
	opening   map[int]chan opened
	ports     map[int]bool // that have a listener
	processes map[int]*Process
}

// Go releases the sandbox: from now on [Box.Exec] starts programs. The caller
// serves the sockets and the listener first.
func (b *Box) Go() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.hasEnded() {
		return ErrEnded
	}
	if b.released {
		return nil
	}
	if err := b.conn.Send(request{Kind: kindGo}); err != nil {
		return ErrEnded
	}
	b.released = true
	return nil
}

// Done is closed when init has ended, and every process of the sandbox with it.
func (b *Box) Done() <-chan struct{} { return b.ended }

func (b *Box) hasEnded() bool {
	select {
	case <-b.ended:
		return true
	default:
		return false
	}
}

// Signal sends sig to the process group of a program started by [Box.Exec],
// by its ID. A program that has ended is no error.
func (b *Box) Signal(id int, sig syscall.Signal) error {
	if err := b.conn.Send(request{Kind: kindSignal, ID: id, Signal: int(sig)}); err != nil {
		return ErrEnded
	}
	return nil
}

// End ends init and with it everything in the sandbox, and waits for that. The
// box's files stay open for those who serve them, until [Box.Close].
func (b *Box) End() {
	b.conn.Close() // init reads this as death; the signal only makes it sure
	b.kill()
	<-b.ended
	b.reader.Wait()
}

// Close kills everything in the sandbox, waits for that, and closes its files.
func (b *Box) Close() error {
	b.close.Do(func() {
		b.End()
		if b.Sockets != nil {
			b.Sockets.Close()
		}
		reexec.CloseAll([]*os.File{b.Proc, b.Notify, b.PIDFD})
	})
	return nil
}
