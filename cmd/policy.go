package cmd

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"exeat/policy"
)

func newPolicyCommand(env Env) *cobra.Command {
	return parent("policy", "Check, show, compare and set policies",
		newPolicyCheckCommand(env), newPolicyGetCommand(env), newPolicyListCommand(env),
		newPolicyDiffCommand(env), newPolicySetCommand(env))
}

// loadPolicy reads a policy file once; "-" is standard input. Problems of
// severity warning are returned beside the policy, errors as the error.
func loadPolicy(env Env, file string) (*policy.Policy, policy.Problems, error) {
	src, name, err := readPolicy(env, file)
	if err != nil {
		return nil, nil, err
	}
	p, problems := policy.Parse(name, src)
	if problems.HasErrors() {
		return nil, problems, &policyError{problems, file}
	}
	return p, append(problems, policy.Check(p).In(name)...).Sorted(), nil
}

// maxPolicy bounds what is read before the parser refuses it by its own limit.
const maxPolicy = 1<<20 + 1

func readPolicy(env Env, file string) (src []byte, name string, err error) {
	if file == "-" {
		src, err = io.ReadAll(io.LimitReader(env.In, maxPolicy))
		return src, "<stdin>", err
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, "", fmt.Errorf("read policy: %w", err)
	}
	defer f.Close()
	src, err = io.ReadAll(io.LimitReader(f, maxPolicy))
	if err != nil {
		return nil, "", fmt.Errorf("read policy: %w", err)
	}
	return src, file, nil
}

// policyError prints every problem, one a line, as compilers do.
type policyError struct {
	problems policy.Problems
	file     string
}

func (e *policyError) Error() string { return e.problems.Error() }

// Hint says how to see the same list again after an edit.
func (e *policyError) Hint() string {
	return fmt.Sprintf("exeat policy check %s   (the language: exeat help policy-language)", e.file)
}

// warn prints a policy's warnings on standard error.
func warn(env Env, problems policy.Problems) {
	paint := env.errStyle()
	for _, p := range problems {
		fmt.Fprintf(env.Err, "%s %s\n", paint.warn("warning:"), p)
	}
}
