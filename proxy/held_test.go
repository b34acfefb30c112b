package proxy

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// What bodies are held is bounded for all requests together, and given back.
func TestReserve(t *testing.T) {
	s := &Server{limits: limits{heldBytes: 100}}
	a, b := &exchange{server: s}, &exchange{server: s}
	if !a.reserve(60) || b.reserve(60) || !b.reserve(40) || b.reserve(1) {
		t.Errorf("%d are held", s.held.Load())
	}
	a.letGo()
	if !b.reserve(60) {
		t.Errorf("%d are held", s.held.Load())
	}
	b.letGo()
	if s.held.Load() != 0 {
		t.Errorf("%d are held after all is over", s.held.Load())
	}
	r := &exchange{server: s}
	if got, err := io.ReadAll(held{strings.NewReader(strings.Repeat("x", 200)), r}); err != errBusy {
		t.Errorf("read %d bytes, %v", len(got), err)
	}
}

// A long head takes room like a body does; short ones are nobody's business.
func TestLongHeads(t *testing.T) {
	s := &Server{limits: limits{heldBytes: 100 << 10}}
	ask := func(bytes int) *exchange {
		return &exchange{server: s, r: &http.Request{Header: http.Header{"X-Long": {strings.Repeat("x", bytes)}}}}
	}
	for range 100 {
		if r := ask(freeHead - 50).holdHead(); r != nil {
			t.Fatalf("a short head: %v", r)
		}
	}
	long, more := ask(20<<10), ask(20<<10)
	if first, second := long.holdHead(), more.holdHead(); first != nil || second == nil || second.decision.Code != codeBusy {
		t.Errorf("got %v, then %v, with %d bytes held", first, second, s.held.Load())
	}
	long.letGo()
	if r := more.holdHead(); r != nil {
		t.Errorf("after the first is over: %v", r)
	}
}

// A thousand grants that take milliseconds to look at do not keep the others open, and a server that ends waits for none.
func TestReviewOrder(t *testing.T) {
	var r registry
	var order []bool
	for i := range 100 {
		slow := i%2 == 0
		r.add(&grant{slow: slow, holds: func(Snapshot) bool { return false }, revoke: func(Snapshot) { order = append(order, slow) }}, func() Snapshot { return Snapshot{} })
	}
	r.review(t.Context(), Snapshot{Revision: 1})
	for i, slow := range order {
		if slow != (i >= 50) {
			t.Fatalf("grant %d of %d is slow: %t", i, len(order), slow)
		}
	}
}

// However many there are that take long to look at, a review ends in time, and nothing goes on that it did not look at.
func TestReviewEnds(t *testing.T) {
	var r registry
	looked, ended := 0, 0
	for range 200 {
		r.add(&grant{
			slow:  true,
			holds: func(Snapshot) bool { looked++; time.Sleep(5 * time.Millisecond); return true },
			drop:  func(*refusal) { ended++ },
		}, func() Snapshot { return Snapshot{} })
	}
	began := time.Now()
	r.review(t.Context(), Snapshot{Revision: 1})
	if took := time.Since(began); took > 2*reviewLimit || looked == 0 || looked+ended != 200 {
		t.Errorf("%d were looked at and %d ended in %s", looked, ended, took)
	}
}
