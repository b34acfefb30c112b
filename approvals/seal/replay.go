package seal

import (
	"fmt"
	"time"

	"exeat/policy"
	"exeat/store"
)

// Replay verifies every revision of a sandbox from genesis on and returns the
// chain that stands at the last of them. Revisions are those that were signed
// and not found unloadable, in order of their numbers. A sandbox that is
// frozen has one unsigned revision and gets a chain that accepts nothing.
//
// Only the last statement's expiry counts: the ones before it were in force
// when the next was signed, which names them.
func Replay(sandbox store.Sandbox, revisions []store.Revision, trusted []store.Approver) (*Chain, error) {
	if sandbox.Spec.Frozen || len(sandbox.Spec.Approvers) == 0 {
		return NewChain(nil), nil
	}
	chain := NewChain(trusted)
	parent := ""
	for i, revision := range revisions {
		want, err := Expected(sandbox, revision, parent)
		if i < len(revisions)-1 {
			want.Now = time.Unix(0, 0)
		}
		if err == nil {
			err = chain.Accept(revision.Statement, revision.Signature, want)
		}
		if err != nil {
			return nil, fmt.Errorf("verify revision %d: %w", revision.Number, err)
		}
		parent = revision.Digest
	}
	if len(revisions) == 0 {
		return nil, fmt.Errorf("%w: sandbox %s has no first revision", ErrSequence, sandbox.Name)
	}
	return chain, nil
}

// Expected computes what the statement of a revision has to be about from the
// revision's own text; parent is the digest of the revision before it. The
// record's other columns are checked against the text and never believed.
func Expected(sandbox store.Sandbox, revision store.Revision, parent string) (Expect, error) {
	p, problems := policy.Parse(fmt.Sprintf("revision %d", revision.Number), revision.Text)
	if p == nil {
		return Expect{}, problems
	}
	digest := p.Digest()
	switch {
	case digest != Digest(revision.Text):
		return Expect{}, fmt.Errorf("%w: the text is not in canonical form", ErrPolicy)
	case digest != revision.Digest:
		return Expect{}, fmt.Errorf("%w: the record says %s, its text is %s", ErrPolicy, short(revision.Digest), short(digest))
	case revision.ParentDigest != parent:
		return Expect{}, fmt.Errorf("%w: its parent policy is %s, the one before is %s", ErrPrevious, short(revision.ParentDigest), short(parent))
	}
	return Expect{
		Sandbox:         sandbox.ID,
		PolicyDigest:    digest,
		AuthorityDigest: AuthorityOf(sandbox.Spec.Under(revision), p).Digest(),
	}, nil
}
