package store

import (
	"context"
	"errors"
	"slices"
	"time"
)

// batch is what one commit takes.
type batch struct {
	entries []entry
	endings []ending
}

// entry is a row, or one more of a row that counts. Somebody may wait for it.
type entry struct {
	Decision
	wait *receipt
}

// receipt tells the caller of Record or Begin what became of its entry.
type receipt struct {
	stays    bool // the entry is queued until it is written: it was acted on
	deadline time.Time
	done     chan error // has room for the one answer
}

type ending struct {
	id int64
	Ending
}

func (b *batch) empty() bool { return len(b.entries) == 0 && len(b.endings) == 0 }

// keepMemory is the number of entries whose memory a log keeps between commits:
// a burst must not stay resident in a hundred supervisors.
const keepMemory = 2048

// reset empties the batch and keeps its memory for the next.
func (b *batch) reset() {
	if cap(b.entries) > keepMemory || cap(b.endings) > keepMemory {
		*b = batch{}
		return
	}
	clear(b.entries) // let go of the texts
	b.entries, b.endings = b.entries[:0], b.endings[:0]
}

// neutralise does for queued decisions what Record has done for the others.
func (b *batch) neutralise() {
	for i := range b.entries {
		if e := &b.entries[i]; e.wait == nil {
			e.Decision.neutralise()
		}
	}
}

// merge puts endings into entries of the same batch, which saves most updates: a
// request is usually over before its decision is committed. Entries somebody
// waits for are left alone; they may be one more of a row that exists.
func (b *batch) merge() {
	if len(b.endings) == 0 {
		return
	}
	index := make(map[int64]*entry, len(b.entries))
	for i := range b.entries {
		if e := &b.entries[i]; e.wait == nil {
			index[e.ID] = e
		}
	}
	b.endings = slices.DeleteFunc(b.endings, func(end ending) bool {
		e := index[end.id]
		if e == nil {
			return false
		}
		e.Ending = end.Ending
		return true
	})
}

// answer tells those who wait for the entries.
func answer(entries []entry, err error) {
	for _, e := range entries {
		if e.wait != nil {
			e.wait.done <- err
		}
	}
}

// lockWithRoom returns with l.mu held, unless it returns an error. It waits for
// room, and unless try is set for the disk to work again, but not for long: the
// request behind it is answered 503 instead.
func (l *DecisionLog) lockWithRoom(ctx context.Context, room int, try bool) error {
	var timeout <-chan time.Time
	for {
		l.mu.Lock()
		problem := l.problemLocked(room, try)
		if problem == nil {
			return nil
		}
		moved := l.moved
		l.mu.Unlock()
		if errors.Is(problem, errClosed) {
			return problem
		}
		if timeout == nil {
			timeout = time.After(l.limits.patience)
		}
		select {
		case <-moved:
			continue
		case <-timeout:
		case <-ctx.Done():
			problem = ctx.Err()
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.refusedLocked(time.Now())
		return problem
	}
}

func (l *DecisionLog) problemLocked(room int, try bool) error {
	switch {
	case l.closed:
		return errClosed
	case len(l.queue.entries) >= room:
		return errQueueFull
	case !l.began.IsZero() && time.Since(l.began) > l.limits.stall:
		return errStalled
	case !try:
		return l.failure
	}
	return nil
}

// addLocked queues a decision; an id not seen before uses up l.next.
func (l *DecisionLog) addLocked(d *Decision, wait *receipt, now time.Time) {
	if d.ID == l.next {
		l.next++
	}
	if d.Time.IsZero() {
		d.Time = now
	}
	d.Last, d.Count = d.Time, max(d.Count, 1)
	l.queue.entries = append(l.queue.entries, entry{Decision: *d, wait: wait})
	l.armLocked(l.limits.delay)
	if len(l.queue.entries) == l.limits.queue/2 {
		l.poke()
	}
}

// armLocked has the writer woken after delay, unless it will be sooner.
func (l *DecisionLog) armLocked(delay time.Duration) {
	if !l.armed {
		l.armed = true
		l.timer.Reset(delay)
	}
}

// poke wakes the writer. One token is enough: it takes all there is.
func (l *DecisionLog) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}
