package confine

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/psx"

	"exeat/sandbox/netns"
	"exeat/sandbox/reexec"
)

// initProcess is pid 1 of a sandbox.
type initProcess struct {
	conn   *reexec.Conn
	thread *thread
	born   chan struct{} // told of each program started, for the reaper

	mu       sync.Mutex    // guards what follows; held while forking and while reaping
	programs map[int]int   // ID by pid
	paused   chan struct{} // closed by resume; nil while programs run
}

// Init is the whole life of the first process of a sandbox, and returns its
// exit status. It ends when the control socket does.
func Init() int {
	unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) // no core file ever shows what init held
	sealed := reexec.Seal()
	conn, err := reexec.NewConn(os.NewFile(control, "control"))
	if sealed != nil || err != nil || os.Getpid() != 1 {
		fmt.Fprintln(os.Stderr, "exeat init is started by exeat itself, as the first process of a sandbox")
		return 2
	}
	deafen()
	readyThreads()
	p := &initProcess{conn: conn, born: make(chan struct{}, 1), programs: map[int]int{}}
	network := makeNetwork()
	var first request
	files, err := conn.Receive(&first)
	if err != nil {
		return 1 // the supervisor is gone
	}
	if first.Kind == kindExamine {
		conn.Send(notice{Kind: kindExamined, Findings: examine(network)})
		return 0
	}
	if err := p.setUp(first, files, network); err != nil {
		conn.Send(notice{Kind: kindFailed, Failed: startError(err)})
		return 1
	}
	if err := dropAll(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	go p.reap()
	return p.serve()
}

// deafen makes init ignore every signal but SIGCHLD. It catches them and does
// nothing: were they set to be ignored, so would they be in every program,
// because that survives exec (signal(7)).
func deafen() {
	var all []os.Signal
	for s := syscall.Signal(1); s < 32; s++ {
		switch s {
		case syscall.SIGCHLD, syscall.SIGKILL, syscall.SIGSTOP, syscall.SIGURG: // SIGURG is the Go scheduler's
			continue
		}
		all = append(all, s)
	}
	signal.Notify(make(chan os.Signal, 1), all...)
}

// stepError says which step of the set-up failed.
type stepError struct {
	step string
	err  error
}

func (e *stepError) Error() string { return e.step + ": " + e.err.Error() }
func (e *stepError) Unwrap() error { return e.err }

// startError packs an error for its way to the supervisor.
func startError(err error) *StartError {
	if own, ok := errors.AsType[*StartError](err); ok {
		return own
	}
	e := &StartError{Step: "start the sandbox", Message: err.Error()}
	if at, ok := errors.AsType[*stepError](err); ok {
		e.Step, e.Message = at.step, at.err.Error()
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		e.Errno = errno
	}
	if hinted, ok := errors.AsType[interface {
		error
		Hint() string
	}](err); ok {
		e.Advice = hinted.Hint()
	}
	return e
}

// madeNetwork is what became of the network, which every sandbox has alike: it
// is made while the supervisor still works out what is to be in this one.
type madeNetwork struct {
	ends *netns.Ends
	err  error
}

func makeNetwork() madeNetwork {
	ends, err := netns.Setup()
	return madeNetwork{ends, err}
}

// setUp makes the sandbox and tells the supervisor. The order is in the package
// comment.
func (p *initProcess) setUp(first request, files []*os.File, network madeNetwork) error {
	in, err := readOrder(first, files)
	if err != nil {
		return &stepError{"read the spec", err}
	}
	ends := network.ends
	if network.err != nil { // said now: before the spec nobody listens
		return &stepError{"build the network", network.err}
	}
	defer ends.Close()
	// From here on /proc/1 belongs to root (PR_SET_DUMPABLE(2const)): no program
	// inside, though of the same uid, can read init's memory or its descriptors.
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return &stepError{"hide init", err}
	}
	if err := unix.Sethostname([]byte(in.spec.Hostname)); err != nil {
		return &stepError{"set the host name", err}
	}
	r := &report{RedirectRules: ends.Rules, NoRedirect: ends.NoRedirect}
	proc, err := buildView(in, r)
	if err != nil {
		return &stepError{"build the view", err}
	}
	defer proc.Close()
	listener, err := p.lockDown(in.spec, r)
	if err != nil {
		return &stepError{"lock down", err}
	}
	files = []*os.File{proc}
	if listener != nil {
		defer listener.Close()
		files = append(files, listener)
	}
	if err := setLimits(in.spec.Limits); err != nil {
		return &stepError{"set limits", err}
	}
	files = append(files, ends.Files...)
	return p.conn.Send(notice{Kind: kindReady, Report: r, Sockets: ends.Names}, files...)
}

// lockDown makes the thread from which all programs are forked.
func (p *initProcess) lockDown(spec *Spec, r *report) (listener *os.File, err error) {
	p.thread, err = newThread(func() error {
		r.Thread = unix.Gettid()
		listener, err = giveUp(spec, r)
		return err
	})
	return listener, err
}

// dropAll takes the capabilities from all threads of init, which needs none
// from now on.
func dropAll() error {
	if _, _, errno := psx.Syscall6(unix.SYS_PRCTL, unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0, 0); errno != 0 {
		return os.NewSyscallError("prctl", errno)
	}
	var none capabilities
	if _, _, errno := psx.Syscall3(unix.SYS_CAPSET, uintptr(unsafe.Pointer(none.asHeader())), uintptr(unsafe.Pointer(&none.sets)), 0); errno != 0 {
		return os.NewSyscallError("capset", errno)
	}
	return nil
}
