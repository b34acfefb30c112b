package supervisor

import (
	"context"
	"log/slog"
	"time"

	"exeat/policy"
	"exeat/proxy"
	"exeat/store"
)

// sink writes the proxy's decisions to the record, denials also to the file
// that the agent reads.
type sink struct {
	log     *store.DecisionLog
	reader  *store.DecisionReader
	denials *denialsFile
	logger  *slog.Logger
}

var _ proxy.Sink = (*sink)(nil)

// recordTimeout bounds a disk that hangs; a working one answers or gives up within 50 ms.
const recordTimeout = 5 * time.Second

// Record returns when the decision may be acted upon: a plain allow once it is
// queued, everything else once it is on disk. An error means that it is not
// recorded, and then the proxy lets nothing through.
func (s *sink) Record(ctx context.Context, e proxy.Event) (int64, error) {
	d := decisionOf(e)
	if policy.Verdict(d.Verdict) == policy.Allowed && d.Credential == "" {
		return s.log.Enqueue(d)
	}
	ctx, cancel := context.WithTimeout(ctx, recordTimeout)
	defer cancel()
	id, err := s.log.Record(ctx, d)
	if err != nil {
		return 0, err
	}
	if policy.Verdict(d.Verdict) == policy.Denied {
		s.tell(ctx, id)
	}
	return id, nil
}

// Begin stores a decision while the proxy acts on it. An origin may take longer for its answer than any disk: the time
// for the disk begins when somebody waits for it.
func (s *sink) Begin(ctx context.Context, e proxy.Event) (int64, func() error, error) {
	id, committed, err := s.log.Begin(ctx, decisionOf(e))
	if err != nil {
		return 0, nil, err
	}
	return id, func() error {
		ctx, cancel := context.WithTimeout(ctx, recordTimeout)
		defer cancel()
		return committed(ctx)
	}, nil
}

// tell shows a denial inside, as the store keeps it: texts that the sandbox
// chose were made harmless there, once. The record is safe by then, so a
// failure here costs the agent some lines of text and nothing else.
func (s *sink) tell(ctx context.Context, id int64) {
	if !s.denials.first(id) {
		return
	}
	d, err := s.reader.Decision(ctx, id)
	if err == nil {
		err = s.denials.append(d)
	}
	if err != nil {
		s.logger.Warn("denials file", "id", id, "err", err)
	}
}

// Complete adds what an allowed request came to.
func (s *sink) Complete(id int64, e proxy.Ending) { s.log.Complete(id, store.Ending(e)) }

func decisionOf(e proxy.Event) store.Decision {
	return store.Decision{
		Time: e.Time, Revision: e.Revision, Exe: e.Exe, PID: e.PID, Ancestors: e.Ancestors, Tainted: e.Tainted,
		Host: e.Host, Port: e.Port, Layer: e.Layer, Protocol: e.Protocol, Method: e.Method, Target: e.Target,
		Verdict: e.Verdict, Policy: e.Policy, Code: e.Code, Reason: e.Reason, RuleMissing: e.RuleMissing,
		Credential: e.Credential, Ending: store.Ending(e.Ending), Count: max(e.Count, 1),
	}
}
