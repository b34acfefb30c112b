package supervisor

import (
	"fmt"
	"slices"
	"strings"

	"exeat/policy"
	"exeat/sandbox/control"
)

// show builds the view of p, from which the sandbox is made.
func (s *supervisor) show(p *policy.Policy) error {
	view, err := s.viewOf(p)
	if err != nil {
		return err
	}
	s.view, s.shown, s.root = view, p, view.root()
	return nil
}

func (s *supervisor) viewOf(p *policy.Policy) (*view, error) {
	own := []string{s.dirs.State, s.dirs.Config, s.dirs.Runtime}
	return newView(p, s.sandbox.Spec, s.dir, newRefusals(own, s.launch.Home))
}

// showNewest shows the newest revision's paths. Were one refused that was fine
// when it was approved, nobody could start the sandbox to take it back: those of
// the first revision are shown then, which is less.
func (s *supervisor) showNewest(number int, genesis, newest *policy.Policy) error {
	err := s.show(newest)
	if err == nil || genesis.StaticDigest() == newest.StaticDigest() {
		return err
	}
	s.warn(fmt.Sprintf("the paths that were added up to revision %d are not shown: %v", number, err))
	return s.show(genesis)
}

// follow builds the view again where a revision that was approved while the
// sandbox was stopped shows other paths.
func (s *supervisor) follow() error {
	now := s.live.Load()
	if now.Policy.StaticDigest() == s.shown.StaticDigest() {
		return nil
	}
	if err := s.showNewest(now.Revision, s.shown, now.Policy); err != nil {
		return err
	}
	engine, err := s.compile(now.Policy)
	if err != nil {
		return fmt.Errorf("compile policy: %w", err)
	}
	next := *now
	next.Engine = engine
	s.live.Swap(&next)
	return nil
}

// warn notes what was asked for and cannot be given.
func (s *supervisor) warn(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.warnings = append(s.warnings, text)
}

// reported is what was asked for and could not be given.
func (s *supervisor) reported() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Concat(s.view.warnings, s.warnings)
}

// sameFixed refuses a revision that changes what holds for a sandbox's life: it
// would be a policy that is shown and not enforced. Paths may change; they are
// shown from the next start on.
func sameFixed(number int, in, next *policy.Policy) error {
	differ := policy.StaticDifferences(in, next.WithPaths(in))
	if len(differ) == 0 {
		return nil
	}
	return control.Errorf(control.CodeRefused, "revision %d changes static sections, which are fixed when a sandbox is created: %s",
		number, strings.Join(differ, "; ")).WithHint("exeat sandbox create --policy FILE")
}

// checkPaths refuses a revision whose paths could not be shown at the next start.
func (s *supervisor) checkPaths(number int, p *policy.Policy) error {
	if p.StaticDigest() == s.shown.StaticDigest() {
		return nil
	}
	if _, err := s.viewOf(p); err != nil {
		return control.Errorf(control.CodeInvalid, "revision %d: %v", number, err)
	}
	return nil
}

// afterRestart says which paths of the policy in force are not shown yet.
func (s *supervisor) afterRestart() []string {
	return policy.StaticDifferences(s.shown, s.live.Load().Policy)
}
