package approvals

import (
	"bytes"
	"errors"
	"strings"

	"gopkg.in/yaml.v3"

	"exeat/policy"
)

// candidate is the policy a submission asks for, under the base's static sections.
func (s Submission) candidate(base *policy.Policy) (*policy.Policy, error) {
	if len(s.Operations) > 0 {
		return apply(base, s.Operations)
	}
	asked, problems := policy.Parse("proposal", s.YAML)
	if asked == nil {
		return nil, &Error{Code: CodeInvalid, Message: problems.Error()}
	}
	if differ := policy.StaticDifferences(base, asked.WithStatic(staticOf(base, asked, s.YAML))); len(differ) > 0 {
		return nil, refuse(CodeStatic, "leave filesystem_policy, landlock and process out",
			"a proposal cannot change what is fixed when a sandbox is created: %s", strings.Join(differ, "; "))
	}
	return asked.WithStatic(base), nil
}

// staticOf takes the sections that src does not mention from base: a proposal
// may hold network_policies alone.
func staticOf(base, asked *policy.Policy, src []byte) *policy.Policy {
	merged := *asked
	given := sections(src)
	if !given["filesystem_policy"] {
		merged.Filesystem = base.Filesystem
	}
	if !given["landlock"] {
		merged.Landlock = base.Landlock
	}
	if !given["process"] {
		merged.Process = base.Process
	}
	return &merged
}

// sections are the top-level keys of a policy that has been parsed before.
func sections(src []byte) map[string]bool {
	given := map[string]bool{}
	var doc yaml.Node
	if err := yaml.NewDecoder(bytes.NewReader(src)).Decode(&doc); err != nil || len(doc.Content) == 0 {
		return given
	}
	for i := 0; i < len(doc.Content[0].Content); i += 2 {
		given[doc.Content[0].Content[i].Value] = true
	}
	return given
}

// apply applies operations and gives its error a code.
func apply(base *policy.Policy, operations []policy.Operation) (*policy.Policy, error) {
	changed, err := policy.Apply(base, operations)
	var broken *policy.OperationError
	if errors.As(err, &broken) {
		return nil, &Error{Code: CodeInvalid, Message: broken.Error(), HintOf: broken.Hint()}
	}
	return changed, err
}

// compiles tries what a supervisor does with a policy, before a human is asked to sign it.
func compiles(p *policy.Policy) error {
	if _, problems := policy.Compile(p, policy.Options{}); problems.HasErrors() {
		return &Error{Code: CodeInvalid, Message: problems.Error()}
	}
	return nil
}
