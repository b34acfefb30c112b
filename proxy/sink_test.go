package proxy_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"exeat/proxy"
)

// memory is a sink that keeps events.
type memory struct {
	mu     sync.Mutex
	events []proxy.Event
	done   map[int64]proxy.Ending
	fail   error
	keep   error // what became of the disk after Begin
}

func (m *memory) Record(_ context.Context, e proxy.Event) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return 0, m.fail
	}
	m.events = append(m.events, e)
	return int64(len(m.events)), nil
}

// Begin implements proxy.Sink.
func (m *memory) Begin(ctx context.Context, e proxy.Event) (int64, func() error, error) {
	id, err := m.Record(ctx, e)
	return id, func() error { return m.keep }, err
}

func (m *memory) Complete(id int64, e proxy.Ending) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.done == nil {
		m.done = map[int64]proxy.Ending{}
	}
	m.done[id] = e
}

func (m *memory) setFail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = err
}

// take empties the sink.
func (m *memory) take() []proxy.Event {
	m.mu.Lock()
	defer m.mu.Unlock()
	events := m.events
	m.events, m.done = nil, nil
	return events
}

func (m *memory) all() []proxy.Event {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]proxy.Event(nil), m.events...)
}

func (m *memory) completed(id int64) (proxy.Ending, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.done[id]
	return e, ok
}

// verdicts is one line per event.
func (m *memory) verdicts() string {
	var b strings.Builder
	for _, e := range m.all() {
		fmt.Fprintf(&b, "%s %s %s %s:%d %s %s %s\n", e.Verdict, e.Layer, e.Code, e.Host, e.Port, e.Method, e.Target, e.Policy)
	}
	return b.String()
}

// await waits for a condition, not for time.
func await(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("still not: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}
