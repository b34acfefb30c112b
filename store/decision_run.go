package store

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// run is the writer. It owns w and the spare batch, and ends after Close with a
// last attempt.
func (l *DecisionLog) run(ctx context.Context, w *decisionWriter) {
	defer close(l.done)
	defer w.close()
	l.admit(w.room())
	var spare batch
	for last := false; !last; {
		select {
		case <-l.wake:
		case <-l.quit:
			last = true
		}
		work := l.take(spare, last)
		err := w.save(ctx, &work)
		if err == nil && w.rotate(ctx) {
			l.forgetRepeats() // they count in the file before
		}
		l.settle(&work, err, w.room(), last)
		spare = work
	}
}

func (l *DecisionLog) take(spare batch, last bool) batch {
	l.mu.Lock()
	defer l.mu.Unlock()
	work := l.queue
	l.queue, l.armed, l.began = spare, false, time.Now()
	l.moveLocked() // there is room again
	l.takeGapLocked(&work, last)
	return work
}

// moveLocked wakes those who wait in lockWithRoom.
func (l *DecisionLog) moveLocked() {
	close(l.moved)
	l.moved = make(chan struct{})
}

func (l *DecisionLog) forgetRepeats() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.repeats = repeats{}
}

// admit says from the start on whether there is room for anything.
func (l *DecisionLog) admit(full error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failure = full; full != nil {
		l.armLocked(l.limits.delay)
	}
}

// settle answers those who wait, after a commit that ended with err. full says why
// nothing more should be let in, although what was let in is written.
func (l *DecisionLog) settle(work *batch, err, full error, last bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.began, l.broken, l.failure = time.Time{}, err != nil, cmp.Or(err, full)
	l.moveLocked()
	if err == nil {
		answer(work.entries, nil)
		work.reset()
	} else {
		l.returnLocked(work, err, last)
	}
	switch _, open := l.gap.due(time.Now()); {
	case last:
	case l.failure != nil: // look whether it is over
		l.timer.Reset(l.limits.delay)
		l.armed = true
	case open: // it is, and says so now: nothing may happen for a long time
		l.armLocked(l.limits.delay)
	}
}

// returnLocked puts what was admitted already back to the front of the queue; a
// Record whose patience is over leaves it.
func (l *DecisionLog) returnLocked(work *batch, err error, last bool) {
	l.repeats = repeats{} // a record that counts may just have been given up
	now := time.Now()
	work.entries = slices.DeleteFunc(work.entries, func(e entry) bool {
		if !e.overdue(now, last) || e.wait.stays {
			return false
		}
		e.wait.done <- err
		l.gap.add(now)
		return true
	})
	for i := range work.entries {
		if e := &work.entries[i]; e.overdue(now, last) {
			e.wait.done <- err
			e.wait = nil
		}
	}
	l.queue.entries = append(work.entries, l.queue.entries...)
	l.queue.endings = append(work.endings, l.queue.endings...)
	*work = batch{} // its memory is the queue's now
}

// overdue reports that somebody waits for the entry, and has waited long enough.
func (e entry) overdue(now time.Time, last bool) bool {
	return e.wait != nil && (last || !now.Before(e.wait.deadline))
}
