package proxy

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"exeat/policy"
)

// record hands a decision to the sink. It is not tied to the client: a decision is kept even if whoever
// caused it has hung up. The sink answers or gives up within a time of its own.
func (s *Server) record(e Event) (int64, error) {
	id, err := s.cfg.Sink.Record(context.Background(), e)
	if err != nil {
		s.cfg.Logger.Error("record a decision", "error", err)
	}
	return id, err
}

// errNotKept means that what was sent out could not be recorded, and is not answered.
var errNotKept = errors.New("the use of a credential was not recorded")

// begin records an allowed request before it is sent out. Kept, where it is not nil, tells whether it may
// be answered: the record of a secret's use is on disk by then.
func (s *Server) begin(e Event) (id int64, kept func() error, err error) {
	if e.Credential == "" {
		id, err = s.record(e)
		return id, nil, err
	}
	id, kept, err = s.cfg.Sink.Begin(context.Background(), e)
	if err != nil {
		s.cfg.Logger.Error("record a decision", "error", err)
	}
	return id, kept, err
}

// event is a decision about f, without a request.
func (f *flow) event(d policy.Decision, revision int) Event {
	return Event{
		Time: time.Now(), Revision: revision, Count: 1,
		Exe: f.caller.Exe, PID: f.caller.PID, Ancestors: f.caller.Ancestors, Tainted: f.caller.Tainted,
		Host: f.host, Port: f.port,
		Layer: d.Layer, Protocol: d.Protocol, Verdict: string(d.Verdict), Policy: d.Policy,
		Code: string(d.Code), Reason: d.Reason, RuleMissing: d.RuleMissing,
	}
}

// recordL4 records a denial of a whole connection, for a reason the policy did not give.
func (s *Server) recordL4(f *flow, code policy.Code, reason string) *refusal {
	return s.recordDenied(f, policy.Decision{
		Verdict: policy.Denied, Code: code, Layer: "l4", Protocol: "l4", Policy: "-", Reason: reason,
	}, s.cfg.Snapshot().Revision)
}

func (s *Server) recordDenied(f *flow, d policy.Decision, revision int) *refusal {
	f.judged.Store(true)
	r := denied(d)
	r.id, _ = s.record(f.event(d, revision))
	return r
}

// recordUnused records a denied connection on which no request was made. One that was allowed and not
// used is nothing to record; then there is no refusal.
func (s *Server) recordUnused(f *flow) *refusal {
	snapshot := s.cfg.Snapshot()
	d := snapshot.Engine.Connect(f.destination()).Decision
	if f.verdict != nil {
		d = f.verdict.decision
	}
	switch {
	case d.Verdict != policy.Denied:
		return nil
	case f.verdict != nil && f.verdict.id != 0:
		return f.verdict
	}
	return s.recordDenied(f, d, snapshot.Revision)
}

// asked is what an allowed request was allowed to do, where that is more than its method and path say.
func asked(actions []policy.Action) string {
	var all []string
	for i := range actions[:min(len(actions), maxAsked)] {
		all = append(all, actions[i].String())
	}
	if len(actions) > maxAsked {
		all = append(all, fmt.Sprintf("and %d more", len(actions)-maxAsked))
	}
	return strings.Join(all, ", ")
}

// maxAsked is how many actions a record names.
const maxAsked = 8
