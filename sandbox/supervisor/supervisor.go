package supervisor

import (
	"context"
	"log/slog"
	"os"
	"sync"
	"time"

	"exeat/approvals/seal"
	"exeat/policy"
	"exeat/policy/live"
	"exeat/proxy"
	"exeat/proxy/ca"
	"exeat/proxy/credential"
	"exeat/sandbox/cgroup"
	"exeat/sandbox/confine"
	"exeat/sandbox/control"
	"exeat/store"
)

// supervisor owns one sandbox.
type supervisor struct {
	launch    control.Launch
	dirs      store.Dirs
	dir       control.Dir
	logger    *slog.Logger
	store     *store.Store
	sandbox   store.Sandbox
	started   time.Time
	live      *live.Live
	view      *view
	shown     *policy.Policy // whose paths the view shows
	root      viewRoot
	ahead     *ahead
	denials   *denialsFile
	bundle    *os.File // mounted over every bundle of certificates
	keystore  *os.File // the same for Java
	authority *ca.Authority
	secrets   *credential.Injector
	proxy     *proxy.Server
	box       *confine.Box
	ports     ports
	limits    store.Limits
	group     *cgroup.Group // nil where none is delegated
	noGroup   string        // why
	guard     *guard        // set last; nil while the sandbox starts
	mounts    *os.File      // the list of the view's, where some protect hand-off files; else nil
	undo      cleanup

	remembering sync.WaitGroup // what was last written of this start; waited for before the next is

	loading sync.Mutex  // held for one load
	chain   *seal.Chain // guarded by loading; nil in a frozen sandbox
	signed  []byte      // guarded by loading; the newest statement in force

	pausing sync.Mutex // held for one pause or resume

	stopping chan struct{} // closed by stop
	stopOnce sync.Once
	broken   chan error // what serves the sandbox has failed; buffered, the first counts

	mu       sync.Mutex
	running  map[int]control.Process // guarded by mu; by confine's id, until its exit code is delivered
	idle     chan struct{}           // guarded by mu; closed when running is empty
	main     *control.MainState      // guarded by mu
	remove   bool                    // guarded by mu; --no-keep, and the command has ended
	resumes  int                     // guarded by mu; how often a person has resumed it
	paused   string                  // guarded by mu; why, while the sandbox is paused
	warnings []string                // guarded by mu; beside those of the view
}

// cleanup undoes what a start has made, last first.
type cleanup []func()

func (c *cleanup) add(f func()) { *c = append(*c, f) }

func (c *cleanup) run() {
	for i := len(*c) - 1; i >= 0; i-- {
		(*c)[i]()
	}
	*c = nil
}

// stop asks run to end the sandbox; more than once is once.
func (s *supervisor) stop() { s.stopOnce.Do(func() { close(s.stopping) }) }

// fail ends the sandbox because something that must serve it does not.
func (s *supervisor) fail(what string, err error) {
	s.logger.Error(what, "err", err)
	select {
	case s.broken <- err:
	default:
	}
}

// run returns when the sandbox has ended, whatever ended it, and has left
// nothing behind but what is stored.
func (s *supervisor) run(ctx context.Context) error {
	var err error
	select {
	case <-ctx.Done():
	case <-s.stopping:
	case err = <-s.broken:
	case <-s.box.Done():
		s.logger.Warn("init has ended, and with it the sandbox")
	}
	s.stop()
	s.endPrograms()
	s.undo.run()
	return err
}
