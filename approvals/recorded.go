package approvals

import (
	"context"
	"strings"

	"exeat/policy"
	"exeat/store"
)

// replayed is how many recorded denials are tried, the newest ones.
const replayed = 1000

// wouldAllow replays recorded denials and returns the ids of those that the
// candidate allows and the base does not.
func (d *Desk) wouldAllow(ctx context.Context, sandbox store.Sandbox, base, candidate *policy.Policy) ([]int64, error) {
	denials, err := d.denials(ctx, sandbox.ID)
	if err != nil || len(denials) == 0 {
		return []int64{}, err
	}
	options := policy.Options{Aliases: sandbox.Spec.Program.Aliases}
	before, problems := policy.Compile(base, options)
	if problems.HasErrors() {
		return nil, problems
	}
	after, problems := policy.Compile(candidate, options)
	if problems.HasErrors() {
		return nil, &Error{Code: CodeInvalid, Message: problems.Error()}
	}
	out := []int64{}
	for _, denial := range denials {
		if !allows(before, denial) && allows(after, denial) {
			out = append(out, denial.ID)
		}
	}
	return out, nil
}

func (d *Desk) denials(ctx context.Context, sandboxID string) ([]store.Decision, error) {
	reader, err := store.OpenDecisionReader(ctx, d.Dirs, sandboxID)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	return reader.Decisions(ctx, store.DecisionFilter{Denied: true, Limit: replayed})
}

// allows asks an engine about a recorded denial. Audit is counted: it forwards.
func allows(engine *policy.Engine, denial store.Decision) bool {
	if denial.Code != string(policy.CodePolicy) {
		return false // no addition to a policy can allow it
	}
	target, _, _ := strings.Cut(denial.Target, "?")
	return engine.Judge(policy.Wanted{
		Host: denial.Host, Port: denial.Port, Protocol: denial.Protocol, Method: denial.Method, Path: target,
		Binary: denial.Exe, Ancestors: denial.Ancestors, Tainted: denial.Tainted, Missing: denial.RuleMissing,
	}).Verdict != policy.Denied
}
