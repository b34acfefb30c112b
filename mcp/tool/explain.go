package tool

import "exeat/policy"

// Explanation is what a policy says about a denial.
type Explanation struct {
	Denial   View         `json:"denial"`
	Revision int          `json:"revision"`
	Allowed  bool         `json:"allowed_now"`
	Decided  []policy.Ref `json:"decided_by"`
	Options  []Option     `json:"options"`
	Step     string       `json:"next_step"` // left to the server
}

// Option is one way to allow what was denied. Its operations are data that a
// proposal repeats to the letter, so the path and the program they grant stand
// in them; the sentences about them quote both.
type Option struct {
	Operations []policy.Operation `json:"operations"`
	Risk       string             `json:"risk"`
	Untrusted  struct {
		Permits []string `json:"permits"`
	} `json:"untrusted"`
}

// Explain judges a denial by the policy p, of which engine is made.
func (d Denial) Explain(revision int, p *policy.Policy, engine *policy.Engine) Explanation {
	e := Explanation{Denial: d.Show(), Revision: revision, Decided: []policy.Ref{}, Options: []Option{}}
	if d.onFile() { // the policy's rules are about connections
		return e
	}
	e.Allowed, e.Decided = d.Allowed(engine), Fitting(engine.Judge(d.Wanted()).By, refBudget)
	if !e.Allowed && d.suggests() {
		e.Options = Fitting(options(p, d), optionBudget)
	}
	return e
}

// suggests says whether an addition could allow this: only what the policy did
// not mention, and only where the record has all of what was asked for.
func (d Denial) suggests() bool {
	return d.Code == string(policy.CodePolicy) && wholeText(d.Target) && wholeText(d.Exe)
}

func options(p *policy.Policy, d Denial) []Option {
	var all []Option
	for _, found := range policy.Suggest(p, []policy.Wanted{d.Wanted()}) {
		o := Option{Operations: found.Operations, Risk: found.Risk}
		for _, permit := range found.Permits {
			o.Untrusted.Permits = append(o.Untrusted.Permits, clip(permit))
		}
		all = append(all, o)
	}
	return all
}
