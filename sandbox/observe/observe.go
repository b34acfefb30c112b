package observe

import (
	"os"
	"path"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"exeat/proxy/identity"
)

// Config is what an Observer needs to know of its sandbox.
type Config struct {
	// Mode is Files or Reads.
	Mode string
	// Writable are the places that Landlock lets the sandbox change.
	Writable []string
	// ReadOnly are the places of the host in view that nobody inside can change.
	ReadOnly []string
	// Hidden are the places of the host that a sandbox has no business in: its
	// user's home, other projects. Reads there are denials whether or not the
	// file exists, so the record tells no more than the sandbox knew.
	Hidden []string
	// Never are the places that no policy can show.
	Never []string
	// Record takes a denial. It may take long.
	Record func(identity.Caller, Denial)
	// Missed takes the number of calls that went by unseen.
	Missed func(count int)
}

// Denial is an access that was refused.
type Denial struct {
	// Operation is "read", "write", "mkdir", ...
	Operation string
	// Path is where it led, symlinks followed as far as the view has them.
	Path string
	// Reason is one sentence.
	Reason string
	// Rule is the YAML that would show the file, or "" where none can.
	Rule string
}

// waiting bounds the calls that were copied and not yet looked at.
const waiting = 1024

// missedEvery is how often missed calls are told.
const missedEvery = 10 * time.Second

// Observer looks at the file accesses of one sandbox.
type Observer struct {
	config Config
	calls  map[int32]Call
	queue  chan event
	missed atomic.Int64
	worker sync.WaitGroup

	once   sync.Once
	root   int    // of the sandbox, once the first call was held; -1 if it cannot be opened
	device uint64 // of that root
	tmp    uint64 // of its /tmp
}

// event is one copied call.
type event struct {
	call    Call
	writes  bool
	creates bool
	paths   []string
	proc    string
	caller  identity.Caller
}

// New starts an observer; Close ends it.
func New(c Config) *Observer {
	o := &Observer{config: c, calls: map[int32]Call{}, queue: make(chan event, waiting), root: -1}
	for _, call := range Calls(c.Mode) {
		o.calls[call.Number] = call
	}
	o.worker.Go(o.work)
	return o
}

// Close ends the observer when nothing is held any more.
func (o *Observer) Close() {
	close(o.queue)
	o.worker.Wait()
	if o.root >= 0 {
		unix.Close(o.root)
	}
}

// Handle implements [identity.Handler]. It always lets the call go on.
func (o *Observer) Handle(held *identity.Call) identity.Answer {
	goOn := identity.Answer{Continue: true}
	proc := "/proc/" + strconv.Itoa(held.TID)
	o.once.Do(func() { o.openRoot(proc) })
	if o.root < 0 || len(o.queue) == cap(o.queue) {
		o.missed.Add(1)
		return goOn
	}
	e := eventOf(o.calls[held.Number], held, proc)
	for _, a := range e.call.paths {
		if p, ok := e.read(held, a); ok && !o.harmless(p, e.writes) && !o.open(p, e.writes) {
			e.paths = append(e.paths, p)
		}
	}
	if len(e.paths) == 0 {
		return goOn
	}
	if e.caller = held.Caller(); !held.Valid() {
		return goOn
	}
	select {
	case o.queue <- e:
	default:
		o.missed.Add(1)
	}
	return goOn
}

// eventOf reads the flags of an open; other calls always change something.
func eventOf(call Call, held *identity.Call, proc string) event {
	e := event{call: call, writes: true, creates: call.creates, proc: proc}
	if call.Flags != 0 {
		flags := uint32(held.Args[call.Flags])
		e.writes, e.creates = flags&changes != 0, flags&unix.O_CREAT != 0
		e.call.follow = flags&unix.O_NOFOLLOW == 0
	}
	return e
}

// read copies one path and makes it absolute.
func (e *event) read(held *identity.Call, a argument) (string, bool) {
	name, ok := held.Text(held.Args[a.path])
	if !ok || name == "" {
		return "", false
	}
	if strings.HasPrefix(name, "/") {
		return path.Clean(name), true
	}
	link := e.proc + "/cwd"
	if a.dir >= 0 && int32(held.Args[a.dir]) != unix.AT_FDCWD {
		link = e.proc + "/fd/" + strconv.Itoa(int(int32(held.Args[a.dir])))
	}
	base, err := os.Readlink(link)
	if err != nil || !strings.HasPrefix(base, "/") {
		return "", false
	}
	return path.Join(base, name), true
}

// harmless leaves out, before anything is asked of the kernel, what comes most
// and cannot have been refused by the view.
func (o *Observer) harmless(name string, writes bool) bool {
	if within(name, "/dev") || within(name, "/proc") && unaliased(name) == name {
		return true
	}
	return !writes && (withinAny(name, o.config.ReadOnly) || within(name, "/exeat") || within(name, "/sys"))
}

// work looks at what was copied, one after the other.
func (o *Observer) work() {
	tick := time.NewTicker(missedEvery)
	defer tick.Stop()
	defer o.tellMissed()
	for {
		select {
		case e, ok := <-o.queue:
			if !ok {
				return
			}
			o.look(e)
		case <-tick.C:
			o.tellMissed()
		}
	}
}

func (o *Observer) tellMissed() {
	if n := o.missed.Swap(0); n > 0 {
		o.config.Missed(int(n))
	}
}

// look records the first path of an event that was refused.
func (o *Observer) look(e event) {
	for _, p := range e.paths {
		if d, refused := o.judge(e, unaliased(p)); refused {
			o.config.Record(e.caller, d)
			return
		}
	}
}

// openRoot takes the sandbox's root from the first process seen; they all have
// the same, since chroot(2) is refused.
func (o *Observer) openRoot(proc string) {
	fd, err := unix.Open(proc+"/root", unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil {
		unix.Close(fd)
		return
	}
	o.root, o.device = fd, st.Dev
	if unix.Fstatat(fd, "tmp", &st, unix.AT_SYMLINK_NOFOLLOW) == nil {
		o.tmp = st.Dev
	}
}

// unaliased is the path itself, also for one that goes round by a process's root.
func unaliased(name string) string {
	parts := strings.SplitN(name, "/", 5) // "", proc, PID, root, rest
	if len(parts) >= 4 && parts[1] == "proc" && parts[3] == "root" {
		return path.Join(append([]string{"/"}, parts[4:]...)...)
	}
	return name
}

func within(name, dir string) bool {
	return name == dir || strings.HasPrefix(name, strings.TrimSuffix(dir, "/")+"/")
}

func withinAny(name string, dirs []string) bool {
	for _, dir := range dirs {
		if within(name, dir) {
			return true
		}
	}
	return false
}
