package store

import (
	"context"
	"errors"
	"testing"
	"time"
)

// An origin may take longer than the disk is waited for: a commit that is over by then counts.
func TestCommittedLongAgo(t *testing.T) {
	over, end := context.WithCancel(t.Context())
	end()
	for range 20 { // select would choose by chance
		r := &receipt{done: make(chan error, 1)}
		r.done <- nil
		if err := r.committed(over); err != nil {
			t.Fatal(err)
		}
	}
}

// What was acted on is written whenever the disk allows it; what was not is counted, and leaves the queue.
func TestOverdueReceipts(t *testing.T) {
	l, failed := &DecisionLog{limits: defaultLimits()}, errors.New("the disk failed")
	acted, asked, patient := overdueReceipt(true), overdueReceipt(false), overdueReceipt(false)
	patient.deadline = time.Now().Add(time.Hour)
	work := batch{entries: []entry{{wait: acted}, {wait: asked}, {wait: patient}, {}}}
	l.returnLocked(&work, failed, false)
	for name, r := range map[string]*receipt{"acted on": acted, "asked for": asked} {
		select {
		case err := <-r.done:
			if !errors.Is(err, failed) {
				t.Errorf("%s: got %v", name, err)
			}
		default:
			t.Errorf("%s: nobody was told", name)
		}
	}
	if e := l.queue.entries; len(e) != 3 || e[0].wait != nil || e[1].wait != patient || l.gap.total != 1 {
		t.Errorf("queued %+v, refused %d", e, l.gap.total)
	}
}

func overdueReceipt(stays bool) *receipt {
	return &receipt{stays: stays, deadline: time.Now().Add(-time.Second), done: make(chan error, 1)}
}
