package seal

import (
	"fmt"
	"sync"
	"time"

	"exeat/store"
)

// Expect is what a statement has to be about, as computed by whoever is about
// to act on it.
type Expect struct {
	Sandbox         string
	PolicyDigest    string
	AuthorityDigest string
	Now             time.Time // zero: the present
}

// Chain knows which statement was accepted last and takes only the one after
// it: an older one, one of another sandbox, or the same one twice is refused
// whoever signed it. It is safe for concurrent use.
type Chain struct {
	pinned []store.Approver

	mu       sync.Mutex
	sequence int    // guarded by mu
	head     string // guarded by mu; digest of the last statement
}

// NewChain starts before the first statement, genesis, which Accept takes like
// any other. Without an approver nothing is ever accepted.
func NewChain(pinned []store.Approver) *Chain {
	return &Chain{pinned: append([]store.Approver(nil), pinned...)}
}

// Head is the sequence number and digest of the last statement accepted; 0 and
// "" before the first.
func (c *Chain) Head() (sequence int, digest string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sequence, c.head
}

// Accept moves the chain on by one statement, or says why not and stays where
// it was. The errors wrap the Err values of this package.
func (c *Chain) Accept(statement, signature []byte, want Expect) error {
	s, err := c.Check(statement, signature, want)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.Sequence != c.sequence+1 || s.Previous != c.head { // another call was faster
		return fmt.Errorf("%w: statement %d, the last accepted is %d", ErrSequence, s.Sequence, c.sequence)
	}
	c.sequence, c.head = s.Sequence, Digest(statement)
	return nil
}

// Check is Accept without moving on: what Accept would say now.
func (c *Chain) Check(statement, signature []byte, want Expect) (Statement, error) {
	s, err := Verify(statement, signature, c.pinned)
	if err != nil {
		return Statement{}, err
	}
	sequence, head := c.Head()
	if err := s.follows(sequence, head, want); err != nil {
		return Statement{}, err
	}
	return s, s.fits(want)
}

// follows checks the statement's place: this sandbox, the next number, the right parent.
func (s Statement) follows(sequence int, head string, want Expect) error {
	if s.Sandbox != want.Sandbox {
		return fmt.Errorf("%w: %s, this is %s", ErrSandbox, s.Sandbox, want.Sandbox)
	}
	if s.Sequence != sequence+1 {
		return fmt.Errorf("%w: statement %d, the next is %d", ErrSequence, s.Sequence, sequence+1)
	}
	if s.Previous != head {
		return fmt.Errorf("%w: it follows %s, in force is %s", ErrPrevious, short(s.Previous), short(head))
	}
	return nil
}

// fits checks what the statement gives authority to, and until when.
func (s Statement) fits(want Expect) error {
	if s.Policy != want.PolicyDigest {
		return fmt.Errorf("%w: %s, this one is %s", ErrPolicy, short(s.Policy), short(want.PolicyDigest))
	}
	if s.Authority != want.AuthorityDigest {
		return fmt.Errorf("%w: workdir, providers, environment, approvers or static sections are not those it was signed for", ErrAuthority)
	}
	now := want.Now
	if now.IsZero() {
		now = time.Now()
	}
	if !s.NotAfter.IsZero() && !now.Before(s.NotAfter) {
		return fmt.Errorf("%w at %s", ErrExpired, s.NotAfter.Format(time.RFC3339))
	}
	return nil
}

// short abbreviates a digest for people.
func short(digest string) string {
	if digest == "" {
		return "nothing"
	}
	return digest[:min(len(digest), 12)]
}
