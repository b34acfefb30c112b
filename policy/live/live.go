package live

import (
	"sync"
	"sync/atomic"

	"exeat/policy"
)

// Snapshot is one revision of a sandbox's policy, ready to decide. It is never
// changed once it is published.
type Snapshot struct {
	Revision int
	Digest   string // of Text, as Policy.Digest
	Policy   *policy.Policy
	Text     []byte
	Engine   *policy.Engine
}

// Live is the policy in force. Readers take the whole snapshot once per request,
// so that no request is judged half by one revision and half by the next.
type Live struct {
	now atomic.Pointer[version]

	mu sync.Mutex // serialises swaps
}

// version is a snapshot and the channel that ends it. They travel in one
// pointer: whoever holds a snapshot can never miss the swap that follows it.
type version struct {
	snapshot *Snapshot
	over     chan struct{}
}

// New starts with s, which must not be nil: without a policy nothing runs.
func New(s *Snapshot) *Live {
	l := &Live{}
	l.now.Store(&version{s, make(chan struct{})})
	return l
}

// Load returns the snapshot in force.
func (l *Live) Load() *Snapshot { return l.now.Load().snapshot }

// Watch returns the snapshot in force and a channel that is closed when it no
// longer is.
func (l *Live) Watch() (*Snapshot, <-chan struct{}) {
	v := l.now.Load()
	return v.snapshot, v.over
}

// Changed returns a channel that is closed at the next swap. To act on every
// change take it before Load, or use Watch.
func (l *Live) Changed() <-chan struct{} { return l.now.Load().over }

// Swap puts s in force: every Load that starts after it returns sees s.
func (l *Live) Swap(s *Snapshot) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.now.Swap(&version{s, make(chan struct{})})
	close(before.over)
}
