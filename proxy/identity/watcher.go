package identity

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Config is what a Watcher needs of its sandbox. All of it stays the caller's: close the files after
// Watch has returned.
type Config struct {
	// Notify is the seccomp listener for connect(), exit_group() and the calls in Handlers, installed with WAIT_KILLABLE_RECV:
	// otherwise a signal aborts a held connect and the process repeats it. Where the kernel gives none it is
	// nil, and every Lookup is a strict scan of Proc.
	Notify *os.File
	// Proc is the /proc of the sandbox's pid namespace. It is needed only where there is no Notify.
	Proc *os.File
	// Diag is a NETLINK_SOCK_DIAG socket made in the sandbox's network namespace.
	Diag *os.File
	// Conntrack is a NETLINK_NETFILTER socket made there by a process with CAP_NET_ADMIN. It is nil
	// where connections are not redirected; one that is has no known caller then.
	Conntrack *os.File
	// InitPID is the sandbox's init as the host numbers it.
	InitPID int
	// Writable tells whether the agent may be able to change the file at a path of the sandbox; code from there
	// taints. nil means that it may change every file.
	Writable func(path string) bool
	// Repinned is called when an executable on a read-only mount was changed by root and its new
	// content is the known one from then on. It may be nil.
	Repinned func(path string)
	// Local tells whether what listens at an address may be a program of the sandbox's, which need never
	// accept: connects to those leave room for all others. nil means nowhere.
	Local func(netip.AddrPort) bool
	// Handlers answer held calls by their number: for SYS_CONNECT those on unix sockets, which fail
	// without a handler; all others go on without one.
	Handlers map[int32]Handler
	// Datagram is told of each connect() of a UDP socket, of which nothing comes out of the sandbox. It
	// must be quick, and may be nil.
	Datagram func(*Call)
}

// How long one connect may take. The first keeps others from waiting behind it, the second keeps the
// process from being held: it goes on, and is unknown until its record is complete.
const (
	patience = 5 * time.Millisecond
	held     = 900 * time.Millisecond
)

// Watcher answers the held calls of one sandbox, and keeps the record of who called connect().
type Watcher struct {
	listener  listener
	strict    bool // there is no listener
	diag      *diag
	conntrack *conntrack
	proc      procfs
	init      int // as proc numbers it
	records   *records
	content   *contents
	mappings  *mappings
	lineage   *lineage
	handlers  map[int32]Handler
	datagram  func(*Call)
	underway  *underway
	loops     sync.WaitGroup
}

// New returns a watcher. Nothing is answered until Watch runs: serve first, then release the sandbox.
func New(c Config) (*Watcher, error) {
	if c.InitPID <= 1 {
		return nil, fmt.Errorf("watch a sandbox: init has pid %d", c.InitPID)
	}
	w := &Watcher{
		proc: hostProc, init: c.InitPID, records: newRecords(maxRecords), content: newContents(c.Repinned),
		mappings: newMappings(c.Writable), lineage: newLineage(maxNotes),
		handlers: c.Handlers, datagram: c.Datagram, underway: newUnderway(c.Local),
	}
	if c.Notify == nil && c.Proc != nil {
		w.strict, w.proc, w.init = true, sandboxProc(c.Proc), 1
	} else if err := w.listen(c.Notify); err != nil {
		return nil, err
	}
	sockets, err := newNetlink(c.Diag, "sock_diag")
	if err != nil {
		return nil, err
	}
	connections, err := newConntrack(c.Conntrack)
	if err != nil {
		return nil, err
	}
	w.diag, w.conntrack = &diag{sockets}, connections
	return w, nil
}

func (w *Watcher) listen(notify *os.File) (err error) {
	w.listener, err = newListener(notify)
	return err
}

// Watch records every connect() and carries it out, and answers the calls that have handlers, until the
// last process under the filter is gone or ctx ends. Once it has returned, every further such call in the
// sandbox fails, and so does exit_group(): end the sandbox first. Without a listener there is nothing to watch, and it returns when ctx ends.
func (w *Watcher) Watch(ctx context.Context) error {
	if w.strict {
		<-ctx.Done()
		return nil
	}
	stop, err := newBell()
	if err != nil {
		return err
	}
	defer stop.file.Close()
	defer context.AfterFunc(ctx, stop.ring)()
	defer context.AfterFunc(ctx, w.content.end)()
	errs := make(chan error, 1)
	w.loops.Go(func() { w.serve(stop, errs) })
	w.loops.Wait()
	select {
	case err := <-errs:
		return err
	default:
		return nil
	}
}

// serve answers one notification after another. When one of them takes long, another loop takes over
// the receiving, and this one ends with it: a program of half a gigabyte, or on a file system that
// hangs, must not hold up the others.
func (w *Watcher) serve(stop bell, errs chan<- error) {
	for {
		n, err := w.listener.receive(stop)
		if err != nil {
			if err != errOver {
				errs <- err
			}
			w.underway.end()
			w.content.end()
			return
		}
		p := &pending{id: n.ID, number: n.NR, relieved: make(chan struct{})}
		relief := time.AfterFunc(patience, func() { w.relieve(p, stop, errs) })
		w.handle(n, p)
		if !relief.Stop() {
			<-p.relieved
			return
		}
	}
}

// relieve starts the loop that receives instead of the one that p keeps busy.
func (w *Watcher) relieve(p *pending, stop bell, errs chan<- error) {
	w.loops.Go(func() { w.serve(stop, errs) })
	close(p.relieved)
	time.AfterFunc(held-patience, func() { w.late(p) })
}

// late answers a call that was held long enough. A connect is carried out once it is known what that
// is; on a unix socket it may itself be what takes so long.
func (w *Watcher) late(p *pending) {
	if p.number != unix.SYS_CONNECT {
		w.release(p)
	} else if c := p.connect.Load(); c != nil {
		w.carryOut(p, c)
	}
}
