package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// DecisionLog writes the decisions of one sandbox; only its supervisor has one.
// It is safe for concurrent use. A single goroutine commits, so that records
// which arrive together share one sync of the disk.
type DecisionLog struct {
	limits limits
	held   *os.File      // the lock that makes this the only writer
	wake   chan struct{} // says that there is something to commit
	quit   chan struct{} // closed by Close
	done   chan struct{} // closed by the writer when it has ended
	timer  *time.Timer   // wakes the writer for what can wait

	mu      sync.Mutex
	queue   batch
	armed   bool // timer is running
	next    int64
	repeats repeats
	gap     gap
	broken  bool          // the last commit failed
	failure error         // why nothing is taken that nobody waits for; nil if it is
	began   time.Time     // of the commit under way; zero when there is none
	moved   chan struct{} // closed and replaced when a commit begins or ends
	closed  bool
}

// limits bound memory, disk and patience of a log.
type limits struct {
	queue     int           // decisions that wait to be committed
	reserve   int           // room above it for those that somebody waits for
	delay     time.Duration // how long one that nobody waits for may lie
	patience  time.Duration // how long a caller waits when there is no room or the disk fails
	stall     time.Duration // a commit that takes longer counts as a failing disk
	fileBytes int64         // size at which a new file is begun
	files     int           // the newest so many are kept
}

func defaultLimits() limits {
	return limits{
		queue: 4096, reserve: 1024, delay: 20 * time.Millisecond, patience: 50 * time.Millisecond, stall: time.Second,
		fileBytes: 64 << 20, files: 8,
	}
}

var (
	errQueueFull = errors.New("the queue of decisions is full: its disk is too slow")
	errStalled   = errors.New("the disk does not answer")
)

// OpenDecisions opens the log of a sandbox for its supervisor. It returns
// ErrConflict if another process has it.
func OpenDecisions(ctx context.Context, d Dirs, sandbox string) (*DecisionLog, error) {
	return openDecisions(ctx, d, sandbox, defaultLimits())
}

func openDecisions(ctx context.Context, d Dirs, sandbox string, lim limits) (*DecisionLog, error) {
	if err := checkDir(d.State); err != nil {
		return nil, err
	}
	if err := checkID(sandbox); err != nil {
		return nil, fmt.Errorf("open decisions: %w", err)
	}
	held, err := tryLock(decisionsLock(d, sandbox))
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = fmt.Errorf("another process writes them: %w", ErrConflict)
	}
	if err != nil {
		return nil, fmt.Errorf("open decisions of sandbox with id %q: %w", sandbox, err)
	}
	w := &decisionWriter{dirs: d, sandbox: sandbox, limits: lim, ballast: newBallast(d, sandbox)}
	next, err := w.open(ctx)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open decisions of sandbox with id %q: %w", sandbox, err), held.Close())
	}
	l := &DecisionLog{
		limits: lim, held: held, next: next, wake: make(chan struct{}, 1), quit: make(chan struct{}),
		done: make(chan struct{}), moved: make(chan struct{}),
	}
	l.timer = time.AfterFunc(time.Hour, l.poke)
	l.timer.Stop()
	go l.run(context.WithoutCancel(ctx), w) // ends with Close, not with the caller's context
	return l, nil
}

// Record commits a decision to disk before it returns its id. Denials that come
// over and over share a record, and its id. On an error, the decision is not
// recorded and must not be acted on. The slices of d must not change afterwards.
func (l *DecisionLog) Record(ctx context.Context, d Decision) (int64, error) {
	id, wait, err := l.await(ctx, d, &receipt{}, true)
	if err != nil {
		return 0, fmt.Errorf("record decision: %w", err)
	}
	return id, wait.committed(ctx)
}

// Begin is for a decision that is acted on while it is committed. Like Enqueue it takes none that the disk may not
// have room for, and what it took stays queued until it is written. Once committed has returned nil the decision is on
// disk; it is called once.
func (l *DecisionLog) Begin(ctx context.Context, d Decision) (id int64, committed func(context.Context) error, err error) {
	id, wait, err := l.await(ctx, d, &receipt{stays: true}, false)
	if err != nil {
		return 0, nil, fmt.Errorf("begin to record a decision: %w", err)
	}
	return id, wait.committed, nil
}

// await queues a decision and wakes the writer. With try, it does so although the disk failed a moment ago.
func (l *DecisionLog) await(ctx context.Context, d Decision, wait *receipt, try bool) (int64, *receipt, error) {
	d.neutralise()
	if err := l.lockWithRoom(ctx, l.limits.queue+l.limits.reserve, try); err != nil {
		return 0, nil, err
	}
	now := time.Now()
	d.ID = l.repeats.id(&d, now, l.next)
	wait.deadline, wait.done = now.Add(l.limits.patience), make(chan error, 1)
	l.addLocked(&d, wait, now)
	l.mu.Unlock()
	l.poke()
	return d.ID, wait, nil
}

// committed waits for the commit, and knows of one that is over even where the time to wait is.
func (r *receipt) committed(ctx context.Context) (err error) {
	select {
	case err = <-r.done:
	default:
		select {
		case err = <-r.done:
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	if err != nil {
		return fmt.Errorf("record decision: %w", err)
	}
	return nil
}

// Enqueue takes a decision that will be committed within 50 ms. When there is no
// room, or the disk fails, it waits 50 ms and returns an error: the decision is
// then not recorded and must not be acted on.
func (l *DecisionLog) Enqueue(d Decision) (int64, error) {
	if err := l.lockWithRoom(context.Background(), l.limits.queue, false); err != nil {
		return 0, fmt.Errorf("enqueue decision: %w", err)
	}
	defer l.mu.Unlock()
	d.ID = l.next
	l.addLocked(&d, nil, time.Now()) // the writer makes its text harmless: a request waits here
	return d.ID, nil
}

// Complete adds how a request ended to the record of its decision, soon.
func (l *DecisionLog) Complete(id int64, e Ending) {
	e.Failed = neutral(e.Failed)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	l.queue.endings = append(l.queue.endings, ending{id: id, Ending: e})
	l.armLocked(l.limits.delay)
}

// Close commits what is queued and ends the log.
func (l *DecisionLog) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true
	l.mu.Unlock()
	close(l.quit)
	<-l.done
	l.timer.Stop()
	l.mu.Lock() // who waits for room may still be refused
	lost, untold, failure := len(l.queue.entries), l.gap.total-l.gap.written, l.failure
	l.mu.Unlock()
	var err error
	if lost+untold > 0 {
		err = fmt.Errorf("close decisions: %d are lost, and %d refusals are in no record: %w", lost, untold, cmp.Or(failure, errClosed))
	}
	return errors.Join(err, l.held.Close())
}
