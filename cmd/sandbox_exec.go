package cmd

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"

	"exeat/sandbox/control"
)

type execOptions struct {
	name    string
	argv    []string
	env     []string
	workdir string
}

func newSandboxExecCommand(env Env) *cobra.Command {
	opts := execOptions{}
	c := &cobra.Command{
		Use: "exec NAME [flags] -- COMMAND [ARGUMENT...]", Short: "Run a program in a running sandbox",
		Long: `Run a program in a running sandbox, with a terminal of its own when this one is
a terminal.

EXIT STATUS
  that of the program, 128+N when signal N ended it
  125  exeat could not run it
  126  the program cannot be executed
  127  the program is not in the sandbox`,
		Example: "  exeat sandbox exec demo -- git status",
		Args:    args(2, -1, "the name of a sandbox, and a command after --"),
		RunE: func(c *cobra.Command, words []string) error {
			opts.name, opts.argv = words[0], words[1:]
			return notRun(runExec(c.Context(), env, opts))
		},
	}
	c.Flags().StringArrayVarP(&opts.env, "env", "e", nil, "set a variable, as `NAME=VALUE`, or NAME to take it from here")
	c.Flags().StringVarP(&opts.workdir, "dir", "C", "", "run in this `directory` of the sandbox")
	completeSandboxes(env, c)
	return c
}

func newSandboxConnectCommand(env Env) *cobra.Command {
	c := &cobra.Command{
		Use: "connect NAME", Short: "Open a shell in a running sandbox",
		Args: args(1, 1, "the name of a sandbox"),
		RunE: func(c *cobra.Command, words []string) error {
			return notRun(runExec(c.Context(), env, execOptions{name: words[0], argv: []string{"bash", "-l"}}))
		},
	}
	completeSandboxes(env, c)
	return c
}

func runExec(ctx context.Context, env Env, opts execOptions) error {
	extra, err := variables(env, opts.env)
	if err != nil {
		return err
	}
	boxes, done, err := env.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	client, err := boxes.Connect(ctx, opts.name)
	if err != nil {
		return err
	}
	return attach(ctx, env, client, opts.name, control.ExecRequest{Argv: opts.argv, Env: assignments(extra), Dir: opts.workdir})
}

// assignments are variables as a program gets them.
func assignments(values map[string]string) []string {
	var all []string
	for name, value := range values {
		all = append(all, name+"="+value)
	}
	slices.Sort(all)
	return all
}

// programError gives the failure to start a program its exit code, as env(1) has them.
func programError(err error) error {
	var failed *control.Error
	if !errors.As(err, &failed) {
		return &codeError{exitSandbox, err}
	}
	switch failed.Code {
	case control.CodeNoProgram, control.CodeHidden:
		return &codeError{exitNotFound, err}
	case control.CodeNotExecutable:
		return &codeError{exitNotExec, err}
	}
	return &codeError{exitSandbox, err}
}
