package supervisor

import (
	"context"
	"errors"
	"fmt"

	"exeat/approvals/seal"
	"exeat/policy/live"
	"exeat/sandbox/control"
	"exeat/store"
)

// load puts the next revision in force: read from the store, compiled, its
// statement accepted, swapped. In this order nothing is half done: a revision
// that does not compile never moves the chain.
func (s *supervisor) load(ctx context.Context, number int) error {
	s.loading.Lock()
	defer s.loading.Unlock()
	now := s.live.Load()
	switch {
	case number == now.Revision:
		return nil
	case s.sandbox.Spec.Frozen:
		return control.Errorf(control.CodeFrozen, "sandbox %q is frozen: it was created without an approver, so its policy never changes", s.sandbox.Name).
			WithHint("exeat sandbox create -- bash   (at a terminal, without --frozen: that one can be changed)")
	case number <= now.Revision:
		return control.Errorf(control.CodeRefused, "revision %d is older than revision %d, which is in force", number, now.Revision)
	}
	revision, err := s.store.Revision(ctx, s.sandbox.ID, number)
	if errors.Is(err, store.ErrNotFound) {
		return control.Errorf(control.CodeNotFound, "sandbox %q has no revision %d", s.sandbox.Name, number).WithHint("exeat policy list " + s.sandbox.Name)
	}
	if err != nil {
		return fmt.Errorf("read revision %d: %w", number, err)
	}
	lend, err := s.readyProviders(ctx, revision)
	var next *live.Snapshot
	if err == nil {
		next, err = s.accept(revision, now)
	}
	if err != nil {
		s.mark(ctx, number, store.RevisionFailed, err.Error())
		return err
	}
	s.openPorts(next.Policy)
	s.live.Swap(next)
	lend()
	s.signed = revision.Statement
	s.mark(ctx, number, store.RevisionLoaded, "")
	s.logger.Info("policy in force", "revision", number, "digest", revision.Digest)
	return nil
}

// readyProviders finds the secrets that a revision lends before it is accepted: one that is missing
// must not leave half of it in force. While the sandbox starts there are none yet, and attach reads
// those of the last revision.
func (s *supervisor) readyProviders(ctx context.Context, revision store.Revision) (lend func(), err error) {
	if s.secrets == nil {
		return func() {}, nil
	}
	commit, err := s.prepareProviders(ctx, s.secrets, revision)
	if err != nil {
		return nil, control.Errorf(control.CodeInvalid, "revision %d: %v", revision.Number, err)
	}
	return func() {
		commit()
		s.launch.Secrets = nil
		if err := s.writeLogins(); err != nil {
			s.logger.Warn("attach", "err", err)
		}
	}, nil
}

// accept turns a stored revision into one that may be swapped in, or says why not.
func (s *supervisor) accept(revision store.Revision, now *live.Snapshot) (*live.Snapshot, error) {
	p, err := parse(revision)
	if err != nil {
		return nil, control.Errorf(control.CodeInvalid, "%v", err)
	}
	if err := sameFixed(revision.Number, now.Policy, p); err != nil {
		return nil, err
	}
	if err := s.checkPaths(revision.Number, p); err != nil {
		return nil, err
	}
	engine, err := s.compile(p)
	if err != nil {
		return nil, control.Errorf(control.CodeInvalid, "revision %d: %v", revision.Number, err)
	}
	want, err := seal.Expected(s.sandbox, revision, now.Digest)
	if err == nil {
		err = s.chain.Accept(revision.Statement, revision.Signature, want)
	}
	if err != nil {
		return nil, control.Errorf(control.CodeRefused, "revision %d: %v", revision.Number, err)
	}
	return snapshot(revision, p, engine), nil
}

// mark notes what became of a revision. The policy in force does not depend on
// it: what a start believes is the signatures.
func (s *supervisor) mark(ctx context.Context, number int, status, problem string) {
	if err := s.store.SetRevisionStatus(ctx, s.sandbox.ID, number, status, problem); err != nil {
		s.logger.Warn("mark revision", "revision", number, "err", err)
	}
}

// statementDigest names the newest statement in force; "" in a frozen sandbox.
func (s *supervisor) statementDigest() string {
	if s.chain == nil {
		return ""
	}
	_, digest := s.chain.Head()
	return digest
}
