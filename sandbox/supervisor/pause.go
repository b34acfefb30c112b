package supervisor

import (
	"context"

	"exeat/sandbox/control"
)

// byHand is the reason of a pause that a person asked for.
const byHand = "by `exeat sandbox pause`"

// looking is the reason while the guard finds out whether there is one.
const looking = "its disk is nearly full, and Exeat looks for what takes the space"

// pause stops every program until resume; the reason is shown to whoever looks
// or wants to start another. The first reason of several stays. After an error
// the sandbox counts as paused: some of it may run a moment longer.
func (s *supervisor) pause(reason string) error {
	s.pausing.Lock()
	defer s.pausing.Unlock()
	s.mu.Lock()
	if s.paused == "" || s.paused == looking {
		s.paused = reason
	}
	s.mu.Unlock()
	if reason != looking { // which may be several times a second, on a disk that is short of space
		s.logger.Info("paused", "reason", reason)
	}
	return s.box.Pause()
}

// resume lets all programs run again, because a person says so.
func (s *supervisor) resume() error {
	s.pausing.Lock()
	defer s.pausing.Unlock()
	if err := s.box.Resume(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused = ""
	s.resumes++
	s.logger.Info("resumed")
	return nil
}

// standStill pauses the sandbox while the guard looks, unless it is paused; goOn
// ends that, unless somebody else has paused it meanwhile.
func (s *supervisor) standStill() (goOn func()) {
	if err := s.pause(looking); err != nil {
		s.logger.Warn("pause", "err", err)
	}
	return func() {
		s.pausing.Lock()
		defer s.pausing.Unlock()
		if s.whyPaused() != looking {
			return
		}
		if err := s.box.Resume(); err != nil {
			s.logger.Warn("resume", "err", err)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.paused = ""
	}
}

// resumed counts how often a person has resumed the sandbox.
func (s *supervisor) resumed() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.resumes
}

// whyPaused is the reason of the pause, "" while programs run.
func (s *supervisor) whyPaused() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.paused
}

// refusePaused says why nothing starts now.
func (s *supervisor) refusePaused() error {
	why := s.whyPaused()
	if why == "" {
		return nil
	}
	return control.Errorf(control.CodePaused, "sandbox %q is paused: %s", s.sandbox.Name, why).
		WithHint("exeat sandbox resume " + s.sandbox.Name)
}

// Paused implements control.Handler.
func (h handler) Paused(context.Context) (string, error) { return h.s.whyPaused(), nil }

// Pause implements control.Handler.
func (h handler) Pause(context.Context) error { return h.s.pause(byHand) }

// Resume implements control.Handler.
func (h handler) Resume(context.Context) error { return h.s.resume() }
