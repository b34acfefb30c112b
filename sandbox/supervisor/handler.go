package supervisor

import (
	"context"
	"fmt"
	"os"
	"slices"

	"exeat/sandbox/control"
)

// handler answers the control socket.
type handler struct{ s *supervisor }

var _ control.Handler = handler{}

// Status implements control.Handler.
func (h handler) Status(context.Context) (control.Status, error) {
	s := h.s
	now := s.live.Load()
	status := control.Status{
		ID: s.sandbox.ID, Name: s.sandbox.Name, PID: os.Getpid(), InitPID: s.box.PID,
		Revision: now.Revision, Digest: now.Digest, StatementDigest: s.statementDigest(),
		Frozen: s.sandbox.Spec.Frozen, StartedAt: s.started, Warnings: s.reported(), AfterRestart: s.afterRestart(),
	}
	for _, a := range s.sandbox.Spec.Approvers {
		status.Approvers = append(status.Approvers, fmt.Sprintf("%s %s (%s)", a.Fingerprint, a.Name, a.Strength))
	}
	mechanisms, err := s.box.Isolation()
	if err != nil {
		return control.Status{}, fmt.Errorf("read isolation: %w", err)
	}
	for _, m := range mechanisms {
		status.Isolation = append(status.Isolation, control.Mechanism{Name: m.Name, State: m.State, Detail: m.Detail})
	}
	if status.Limits, err = s.reportLimits(); err != nil {
		return control.Status{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.running {
		status.Running = append(status.Running, p)
	}
	slices.SortFunc(status.Running, func(a, b control.Process) int { return a.ID - b.ID })
	status.Paused = s.paused
	if s.main != nil {
		status.Main = new(*s.main)
	}
	return status, nil
}

// Policy implements control.Handler.
func (h handler) Policy(context.Context) (control.Policy, error) {
	// Under the lock of loading, text and statement belong together.
	h.s.loading.Lock()
	defer h.s.loading.Unlock()
	now := h.s.live.Load()
	return control.Policy{Revision: now.Revision, Text: string(now.Text), Statement: h.s.signed}, nil
}

// Load implements control.Handler.
func (h handler) Load(ctx context.Context, revision int) error { return h.s.load(ctx, revision) }

// Await implements control.Handler.
func (h handler) Await(ctx context.Context, after int) (int, error) {
	for {
		now, over := h.s.live.Watch()
		if now.Revision > after {
			return now.Revision, nil
		}
		select {
		case <-over:
		case <-h.s.stopping:
			return 0, control.Errorf(control.CodeStopping, "sandbox %q is stopping", h.s.sandbox.Name)
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// Stop implements control.Handler.
func (h handler) Stop(context.Context) error {
	h.s.stop()
	return nil
}
