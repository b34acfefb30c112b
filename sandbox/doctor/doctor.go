package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"exeat/proxy/identity"
	"exeat/sandbox/confine"
	"exeat/sandbox/early"
	"exeat/sandbox/reexec"
	"exeat/store"
)

// Host is what the caller knows of this machine.
type Host struct {
	Dirs    store.Dirs
	DirsErr error  // why there are none
	KeyFile string // of the approver
	Git     string // path of the program; empty where there is none
	Proxy   string // HTTPS_PROXY of this environment
}

// Report is what a machine has.
type Report struct {
	// Problem says why no sandbox can be created, as `sandbox create` would;
	// empty when one can.
	Problem string `json:"problem,omitempty"`
	// Hint is what to do about it.
	Hint   string            `json:"hint,omitempty"`
	Checks []confine.Finding `json:"checks"`
}

// Examine examines this machine. It takes as long as two sandboxes.
func Examine(ctx context.Context, h Host) Report {
	var work sync.WaitGroup
	var problem error
	var isolation []confine.Finding
	ids, err := idsOf()
	if err != nil {
		return Report{Problem: err.Error()}
	}
	work.Go(func() { problem = try(ctx, ids) })
	work.Go(func() { isolation = confine.Examine(ctx, ids) })
	machine := h.examine(ids)
	work.Wait()
	checks := append([]confine.Finding{kernel()}, isolation...)
	return conclude(problem, append(checks, machine...))
}

// idsOf are the ids of a sandbox that works for nobody.
func idsOf() (confine.IDs, error) {
	uid, gid := os.Geteuid(), os.Getegid()
	if uid == 0 {
		own, err := early.OwnID(early.NewID())
		if err != nil {
			return confine.IDs{}, err
		}
		uid, gid = own, own
	}
	return confine.IDs{HostUID: uid, HostGID: gid, UID: uid, GID: gid}, nil
}

// conclude says why no sandbox can be created: what a real one failed for comes
// first, then what would stop one that is stored and served as well.
func conclude(problem error, checks []confine.Finding) Report {
	r := Report{Checks: checks}
	if problem != nil {
		r.Problem, r.Hint = problem.Error(), hintOf(problem)
		return r
	}
	if i := slices.IndexFunc(checks, confine.Finding.Stops); i >= 0 {
		r.Problem, r.Hint = checks[i].Detail, checks[i].Advice
	}
	return r
}

func hintOf(err error) string {
	if hinted, ok := errors.AsType[interface {
		error
		Hint() string
	}](err); ok {
		return hinted.Hint()
	}
	return ""
}

// patience bounds the real sandbox.
const patience = 10 * time.Second

// try makes a sandbox and runs this very binary in it.
func try(ctx context.Context, ids confine.IDs) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := reexec.Seal(); err != nil {
		return err
	}
	if err := ids.Check(); err != nil {
		return err
	}
	self, err := confine.Self()
	if err != nil {
		return err
	}
	if self.Tree != nil {
		defer self.Tree.Close()
	}
	box, err := confine.Start(ctx, spec(ids, self))
	if err != nil {
		return err
	}
	defer box.Close()
	stop, err := watch(box)
	if err != nil {
		return err
	}
	defer stop()
	if err := box.Go(); err != nil {
		return err
	}
	return run(ctx, box, self.Target)
}

// watch answers the calls that the kernel holds, as a supervisor does. What it
// returns ends the sandbox first, and then the answering.
func watch(box *confine.Box) (stop func(), err error) {
	watcher, err := identity.New(identity.Config{
		Notify: box.Notify, Proc: box.Proc, Diag: box.Sockets.Diag, Conntrack: box.Sockets.Conntrack, InitPID: box.PID,
	})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = watcher.Watch(ctx) // its end ends the program, which is noticed
	}()
	return func() { box.End(); cancel(); <-done }, nil
}

// spec is a sandbox with the system's libraries and this binary.
func spec(ids confine.IDs, self confine.Mount) confine.Spec {
	s := confine.Spec{IDs: ids, Hostname: "doctor", Mounts: []confine.Mount{self}}
	for _, dir := range []string{"/usr", "/lib", "/lib64"} {
		s.Mounts = append(s.Mounts, confine.Mount{Source: dir, Target: dir, ReadOnly: true, Optional: true})
		s.Landlock.ReadOnly = append(s.Landlock.ReadOnly, dir)
	}
	return s
}

func run(ctx context.Context, box *confine.Box, program string) error {
	p, err := box.Exec(confine.ExecSpec{Argv: []string{program, "version"}, Env: []string{"GOMAXPROCS=1"}})
	if err != nil {
		return err
	}
	defer p.Close()
	select {
	case <-p.Done():
	case <-ctx.Done():
		return fmt.Errorf("a program in a sandbox did not end within %v", patience)
	}
	if code := p.Wait(); code != 0 {
		return fmt.Errorf("a program in a sandbox ended with status %d", code)
	}
	return nil
}
