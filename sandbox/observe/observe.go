package observe

import (
	"strconv"
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
