package supervisor

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"exeat/approvals/seal"
	"exeat/policy"
	"exeat/policy/live"
	"exeat/store"
)

// adoptPolicy verifies everything that was ever in force here, from genesis on,
// and puts the newest revision in force, with the paths it shows. One that does not verify stops the
// start: the record was changed by somebody who is no approver.
func (s *supervisor) adoptPolicy(ctx context.Context) error {
	all, err := s.store.Revisions(ctx, s.sandbox.ID)
	if err != nil {
		return fmt.Errorf("read revisions: %w", err)
	}
	slices.SortFunc(all, func(a, b store.Revision) int { return a.Number - b.Number })
	inForce, waiting := s.split(all)
	if len(inForce) == 0 {
		return errors.New("the sandbox has no policy")
	}
	if !s.sandbox.Spec.Frozen {
		if s.chain, err = s.replay(inForce); err != nil {
			return &hintError{fmt.Sprintf("the record of this sandbox does not verify: %v", err), "exeat policy list " + s.sandbox.Name}
		}
	}
	if err := s.enforce(inForce[0], inForce[len(inForce)-1]); err != nil {
		return err
	}
	s.catchUp(ctx, waiting)
	return s.follow()
}

// anchorsPath is root's list of approvers; where it exists, no other key counts.
const anchorsPath = "/etc/exeat/approvers"

func (s *supervisor) replay(inForce []store.Revision) (*seal.Chain, error) {
	if len(s.sandbox.Spec.Approvers) == 0 {
		return nil, errors.New("the sandbox is not frozen, and has no approver")
	}
	anchors, err := seal.ReadAnchors(anchorsPath)
	if err != nil {
		return nil, err
	}
	trusted, err := anchors.Trusted(s.sandbox.Spec.Approvers)
	if err != nil {
		return nil, err
	}
	return seal.Replay(s.sandbox, inForce, trusted)
}

// split separates what was in force before, genesis always among it, from what
// was signed while nobody was there to load it. What stands below a revision that
// was loaded was in force too: on a full disk, or one that hangs, that could not
// be marked, and what was signed next follows it all the same.
func (s *supervisor) split(all []store.Revision) (inForce, waiting []store.Revision) {
	loaded := 1
	for _, revision := range all {
		if revision.Status == store.RevisionLoaded {
			loaded = max(loaded, revision.Number)
		}
	}
	for _, revision := range all {
		switch {
		case revision.Status == store.RevisionFailed:
		case s.sandbox.Spec.Frozen && revision.Number != 1:
			// Nothing was ever signed here: whatever stands in the store, the
			// first revision is the only one.
		case revision.Number <= loaded:
			inForce = append(inForce, revision)
		default:
			waiting = append(waiting, revision)
		}
	}
	return inForce, waiting
}

// enforce builds the view and the engine of the newest revision. What only the
// first one may say holds for the sandbox's life.
func (s *supervisor) enforce(first, newest store.Revision) error {
	genesis, err := parse(first)
	if err != nil {
		return err
	}
	p := genesis
	if newest.Number != first.Number {
		if p, err = parse(newest); err != nil {
			return err
		}
	}
	if err := sameFixed(newest.Number, genesis, p); err != nil {
		return err
	}
	if err := s.showNewest(newest.Number, genesis, p); err != nil {
		return err
	}
	engine, err := s.compile(p)
	if err != nil {
		return fmt.Errorf("compile policy: %w", err)
	}
	s.live = live.New(snapshot(newest, p, engine))
	s.signed = newest.Statement
	return nil
}

// parse reads the text of a revision, which is the only thing about it that is believed.
func parse(revision store.Revision) (*policy.Policy, error) {
	p, problems := policy.Parse(fmt.Sprintf("revision %d", revision.Number), revision.Text)
	if p == nil {
		return nil, problems
	}
	if digest := p.Digest(); digest != revision.Digest {
		return nil, fmt.Errorf("revision %d: its text has digest %.12s, the record says %.12s", revision.Number, digest, revision.Digest)
	}
	return p, nil
}

func snapshot(revision store.Revision, p *policy.Policy, engine *policy.Engine) *live.Snapshot {
	return &live.Snapshot{Revision: revision.Number, Digest: revision.Digest, Policy: p, Text: revision.Text, Engine: engine}
}

// catchUp loads what was approved while the sandbox was stopped. One that does
// not load changes nothing, is marked, and ends the line: what follows it was
// signed on top of it.
func (s *supervisor) catchUp(ctx context.Context, waiting []store.Revision) {
	for _, revision := range waiting {
		if err := s.load(ctx, revision.Number); err != nil {
			s.warn(fmt.Sprintf("revision %d was not put in force: %v", revision.Number, err))
			return
		}
	}
}
