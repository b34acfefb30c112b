package supervisor

import (
	"context"
	"crypto/x509"
	"fmt"
	"sync"

	"exeat/store"
)

// ahead is what can be made while the kernel builds the sandbox: slow, and
// without a secret in it.
type ahead struct {
	done sync.WaitGroup

	roots     *x509.CertPool
	hostRoots []byte // as PEM, for the sandbox's own bundle
	rootsErr  error

	log    *store.DecisionLog
	reader *store.DecisionReader
	logErr error
}

// prepare begins the slow work; openDoors waits for it.
func (s *supervisor) prepare(ctx context.Context) error {
	a := &ahead{}
	s.ahead = a
	a.done.Go(func() { a.roots, a.hostRoots, a.rootsErr = hostRoots() })
	a.done.Go(func() {
		if a.log, a.logErr = store.OpenDecisions(ctx, s.dirs, s.sandbox.ID); a.logErr == nil {
			a.reader, a.logErr = store.OpenDecisionReader(ctx, s.dirs, s.sandbox.ID)
		}
	})
	s.undo.add(func() { s.closeRecord(a) })
	return nil
}

// wait returns the first thing that went wrong.
func (a *ahead) wait() error {
	a.done.Wait()
	if a.rootsErr != nil {
		return a.rootsErr
	}
	if a.logErr != nil {
		return fmt.Errorf("open the record: %w", a.logErr)
	}
	return nil
}

// closeRecord writes what is still queued, after everything that decides has ended.
func (s *supervisor) closeRecord(a *ahead) {
	a.done.Wait()
	if a.reader != nil {
		a.reader.Close()
	}
	if a.log == nil {
		return
	}
	if err := a.log.Close(); err != nil {
		s.logger.Error("close the record", "err", err)
	}
}
