package confine

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// pauseTime is what programs have to come to rest.
	pauseTime = 2 * time.Second
	// holdTime is how long something that the kernel itself continued can run:
	// a terminal's hang-up and the rule on orphaned process groups both send
	// SIGCONT (setpgid(2), tty_ioctl(4)).
	holdTime = 20 * time.Millisecond
	// answerTime bounds the wait for init, whatever it is busy with.
	answerTime = pauseTime + 2*time.Second
)

// Pause stops every process of the sandbox, however it was started, until
// [Box.Resume]; nothing starts meanwhile. On an error some of them may not be
// at rest yet, though all were told. Pausing twice is once.
func (b *Box) Pause() error { return b.order(kindPause) }

// Resume continues every process of the sandbox. One that was stopped before
// the pause (by ^Z, say) is continued too.
func (b *Box) Resume() error { return b.order(kindResume) }

// order has init do something that is not about one program.
func (b *Box) order(k kind) error {
	b.mu.Lock()
	id, reply, err := b.expectLocked()
	b.mu.Unlock()
	if err != nil {
		return err
	}
	defer b.forget(id)
	if err := b.conn.Send(request{Kind: k, ID: id}); err != nil {
		return b.sendError(err)
	}
	select {
	case n := <-reply:
		if n.Problem != "" {
			return errors.New(n.Problem)
		}
		return nil
	case <-b.ended:
		return ErrEnded
	case <-time.After(answerTime):
		return fmt.Errorf("%s: init has not answered within %v", k, answerTime)
	}
}

// done tells the supervisor what became of an order.
func (p *initProcess) done(id int, err error) {
	n := notice{Kind: kindDone, ID: id}
	if err != nil {
		n.Problem = err.Error()
	}
	p.conn.Send(n)
}

// pause stops all processes but init: kill(-1) leaves out the caller, and this
// runs outside of the programs' Landlock domain. It is repeated until all are
// at rest, because a fork can be under way, and from then on ever again.
func (p *initProcess) pause() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.paused == nil {
		p.paused = make(chan struct{})
		go p.hold(p.paused)
	}
	var running int
	for deadline := time.Now().Add(pauseTime); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if err := stopAll(); err != nil {
			return err
		}
		var err error
		if running, err = awake(); err != nil || running == 0 {
			return err
		}
	}
	return fmt.Errorf("%d threads have not stopped within %v", running, pauseTime)
}

func stopAll() error {
	if err := unix.Kill(-1, unix.SIGSTOP); err != nil && err != unix.ESRCH {
		return fmt.Errorf("stop all programs: %w", err)
	}
	return nil
}

// hold stops again what something other than resume has continued.
func (p *initProcess) hold(resumed <-chan struct{}) {
	tick := time.NewTicker(holdTime)
	defer tick.Stop()
	for {
		select {
		case <-resumed:
			return
		case <-tick.C:
			p.stopAgain(resumed)
		}
	}
}

// stopAgain looks, under the lock that resume takes, whether the pause lasts.
func (p *initProcess) stopAgain(resumed <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-resumed:
	default:
		_ = stopAll() // it worked a moment ago, and does so again at the next tick
	}
}

func (p *initProcess) resume() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.paused == nil {
		return nil
	}
	close(p.paused)
	p.paused = nil
	if err := unix.Kill(-1, unix.SIGCONT); err != nil && err != unix.ESRCH {
		return fmt.Errorf("continue all programs: %w", err)
	}
	return nil
}
