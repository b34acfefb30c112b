package supervisor

import (
	"context"
	"crypto/x509"
	"fmt"
	"sync"
	"time"

	"exeat/sandbox/confine"
	"exeat/sandbox/early"
	"exeat/store"
)

// ahead is what can be made while the kernel builds the sandbox: slow, and
// without a secret in it.
type ahead struct {
	done sync.WaitGroup

	hostRoots []byte // as PEM
	rootsErr  error
	roots     *x509.CertPool // of hostRoots, once trust has returned
	trust     func()         // parses them, once
	gate      *gate          // nil where connections leave directly

	log    *store.DecisionLog
	reader *store.DecisionReader
	logErr error

	searched    sync.WaitGroup
	handoffs    handoffs // of the workdir, without the names of the policy
	handoffsErr error

	conceived sync.WaitGroup
	embryo    *confine.Embryo
	embryoErr error
}

// prepare begins the slow work; openDoors waits for it.
func (s *supervisor) prepare(ctx context.Context) error {
	row := s.sandbox.Spec
	// What nearly every policy says; one that asks for other numbers inside gets another init.
	ids := confine.IDs{HostUID: row.HostUID, HostGID: row.HostGID, UID: row.HostUID, GID: row.HostGID}
	if err := ids.Check(); err != nil {
		return err // before whatever would fail for it in other words
	}
	a := &ahead{roots: x509.NewCertPool()}
	a.trust = sync.OnceFunc(func() { a.roots.AppendCertsFromPEM(a.hostRoots) })
	s.ahead = a
	a.conceived.Go(func() { a.embryo, a.embryoErr = early.Conceive(ids) })
	s.undo.add(a.miscarry)
	if row.Workdir != "" {
		a.searched.Go(func() { a.handoffs, a.handoffsErr = s.findHandoffs(nil) })
	}
	a.done.Go(func() { a.hostRoots, a.rootsErr = hostRoots() })
	a.done.Go(func() {
		if a.log, a.logErr = store.OpenDecisions(ctx, s.dirs, s.sandbox.ID); a.logErr == nil {
			a.reader, a.logErr = store.OpenDecisionReader(ctx, s.dirs, s.sandbox.ID)
		}
	})
	s.undo.add(func() { s.closeRecord(a) })
	return nil
}

// conceive hands over the init that waits to be told what to build.
func (a *ahead) conceive(ids confine.IDs) (*confine.Embryo, error) {
	a.conceived.Wait()
	embryo := a.embryo
	if a.embryoErr != nil || embryo.IDs() == ids {
		a.embryo = nil
		return embryo, a.embryoErr
	}
	return confine.Conceive(ids)
}

// miscarry ends an init that was not needed.
func (a *ahead) miscarry() {
	a.conceived.Wait()
	if a.embryo != nil {
		a.embryo.Close()
	}
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

// trustTime is when the machine's roots are parsed at the latest. That takes
// milliseconds of a processor which the sandbox's first program has better use
// for, and nobody needs them before the first connection outside.
const trustTime = 100 * time.Millisecond

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
