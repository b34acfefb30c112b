package main

import (
	"context"
	"os"
	"path/filepath"

	"exeat/policy"
	"exeat/proxy"
	"exeat/store"
)

// sink keeps decisions in a real log by the supervisor's rule: a plain allow is queued, everything
// else is on disk before it is acted upon.
type sink struct{ log *store.DecisionLog }

func openSink(dir string) (sink, error) {
	d := store.Dirs{State: filepath.Join(dir, "state"), Config: filepath.Join(dir, "config"), Runtime: filepath.Join(dir, "run")}
	for _, below := range []string{d.State, d.Config, d.Runtime} {
		if err := os.MkdirAll(below, 0o700); err != nil {
			return sink{}, err
		}
	}
	if err := store.Prepare(d); err != nil {
		return sink{}, err
	}
	log, err := store.OpenDecisions(context.Background(), d, "bench")
	return sink{log}, err
}

func (s sink) close() { _ = s.log.Close() }

// Begin implements proxy.Sink.
func (s sink) Begin(ctx context.Context, e proxy.Event) (int64, func() error, error) {
	id, committed, err := s.log.Begin(ctx, decisionOf(e))
	return id, func() error { return committed(ctx) }, err
}

// Record implements proxy.Sink.
func (s sink) Record(ctx context.Context, e proxy.Event) (int64, error) {
	d := decisionOf(e)
	if d.Verdict == string(policy.Allowed) && d.Credential == "" {
		return s.log.Enqueue(d)
	}
	return s.log.Record(ctx, d)
}

func decisionOf(e proxy.Event) store.Decision {
	return store.Decision{
		Time: e.Time, Revision: e.Revision, Exe: e.Exe, PID: e.PID, Ancestors: e.Ancestors, Tainted: e.Tainted,
		Host: e.Host, Port: e.Port, Layer: e.Layer, Protocol: e.Protocol, Method: e.Method, Target: e.Target,
		Verdict: e.Verdict, Policy: e.Policy, Code: e.Code, Reason: e.Reason, RuleMissing: e.RuleMissing,
		Credential: e.Credential, Ending: store.Ending(e.Ending), Count: max(e.Count, 1),
	}
}

// Complete implements proxy.Sink.
func (s sink) Complete(id int64, e proxy.Ending) { s.log.Complete(id, store.Ending(e)) }
