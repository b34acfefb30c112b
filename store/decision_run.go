package store

import (
	"context"
	"slices"
	"time"
)

// run is the writer. It owns w and the spare batch, and ends after Close with a
// last attempt.
func (l *DecisionLog) run(ctx context.Context, w *decisionWriter) {
	defer close(l.done)
	defer w.close()
	var spare batch
	for last := false; !last; {
		select {
		case <-l.wake:
		case <-l.quit:
			last = true
		}
		work := l.take(spare)
		err := w.commit(ctx, &work)
		if err == nil && w.rotate(ctx) {
			l.forgetRepeats() // they count in the file before
		}
		l.settle(&work, err, last)
		spare = work
	}
}

func (l *DecisionLog) take(spare batch) batch {
	l.mu.Lock()
	defer l.mu.Unlock()
	work := l.queue
	l.queue, l.armed, l.began = spare, false, time.Now()
	l.moveLocked() // there is room again
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

// settle answers those who wait. After a failure, what was admitted already goes
// back to the front of the queue; a Record whose patience is over leaves it.
func (l *DecisionLog) settle(work *batch, err error, last bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.began, l.failure = time.Time{}, err
	l.moveLocked()
	if err == nil {
		answer(work.entries, nil)
		work.reset()
		return
	}
	l.repeats = repeats{} // a record that counts may just have been given up
	now := time.Now()
	work.entries = slices.DeleteFunc(work.entries, func(e entry) bool {
		if e.wait == nil || !last && now.Before(e.wait.deadline) {
			return false
		}
		e.wait.done <- err
		return true
	})
	l.queue.entries = append(work.entries, l.queue.entries...)
	l.queue.endings = append(work.endings, l.queue.endings...)
	*work = batch{} // its memory is the queue's now
	if !last {
		l.timer.Reset(l.limits.delay)
		l.armed = true
	}
}
