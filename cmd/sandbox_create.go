package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"exeat/sandbox"
	"exeat/store"
)

type createOptions struct {
	id         string // of the sandbox to be
	name       string
	command    []string
	policy     string
	providers  []string
	workdir    string
	repo       string
	env        []string
	noKeep     bool
	frozen     bool
	hostPorts  []int
	paths      pathFlags
	toolchains bool
	sockets    bool
	observe    string
	identity   func() (name, email string) // who the user is to git
	limits     store.Limits
}

const createHelp = `Create a sandbox and run a command in it. The sandbox stays when the command
ends, so that its policy can be changed and a shell connected; --no-keep deletes
it then.

With --repo it works on a git repository of its own, on the branch you are on;
sandbox diff, pull and apply bring back what you choose of it. With --workdir it
works on your live files.

At a terminal the sandbox is pinned to your approver key, which is made on first
use: from then on only a change you approve with your passphrase is ever loaded.
Without a terminal, or with --frozen, the sandbox is frozen: its policy cannot
be widened at all.

The --max flags bound what the sandbox may use of the machine; "exeat sandbox
get" shows each limit and who enforces it. Without them it gets 4096 processes
and threads, half of the memory, 65536 open files a process, an eighth of the
memory (4 GiB at most) in /tmp, and 20 GiB in /sandbox.

EXIT STATUS
  that of the command, 128+N when signal N ended it
  125  exeat could not run it
  126  the program cannot be executed
  127  the program is not in the sandbox`

func newSandboxCreateCommand(env Env) *cobra.Command {
	opts := createOptions{}
	c := &cobra.Command{
		Use: "create [NAME] [flags] [-- COMMAND [ARGUMENT...]]", Short: "Create a sandbox and run a command in it", Long: createHelp,
		Example: "  exeat sandbox create --provider my-github -- claude\n  exeat sandbox create demo --policy policy.yaml --repo . -- bash",
		RunE: func(c *cobra.Command, words []string) error {
			if err := opts.split(c, words); err != nil {
				return err
			}
			return notRun(runCreate(c.Context(), env, opts))
		},
	}
	c.Flags().StringVarP(&opts.policy, "policy", "p", "", "policy `file`; without it the built-in default policy")
	c.Flags().StringArrayVar(&opts.providers, "provider", nil, "attach a credential provider by `name` (repeat for more)")
	c.Flags().StringVarP(&opts.workdir, "workdir", "w", "", "mount this `directory` at its own path, writable, and start there")
	c.Flags().StringArrayVar(&opts.paths.readOnly, "ro", nil, "show this `path` of the machine, read-only (repeat for more)")
	c.Flags().StringArrayVar(&opts.paths.readWrite, "rw", nil, "show this `path` of the machine, writable (repeat for more)")
	c.Flags().BoolVar(&opts.toolchains, "toolchains", false, "show, read-only, the toolchains found below the home directory (nvm, pyenv, cargo, go, ...)")
	c.Flags().StringVar(&opts.repo, "repo", "", "give it a checkout of its own of the git repository in this `directory`, and start there")
	c.Flags().StringArrayVarP(&opts.env, "env", "e", nil, "set a variable, as `NAME=VALUE`, or NAME to take it from here")
	c.Flags().IntSliceVar(&opts.hostPorts, "host-port", nil, "lend it `port` of this machine, as host.exeat.local:PORT (repeat for more)")
	c.Flags().BoolVar(&opts.noKeep, "no-keep", false, "delete the sandbox when the command ends")
	c.Flags().BoolVar(&opts.frozen, "frozen", false, "pin no approver: the policy can never be widened")
	limitFlags(c.Flags(), &opts.limits)
	c.Flags().BoolVar(&opts.sockets, "allow-sockets", false, "where the kernel has no seccomp notification: mount directories though a program outside has a unix socket there")
	c.Flags().StringVar(&opts.observe, "observe", "", "record file accesses that are refused, `files|reads`: changes alone, or reads too")
	_ = c.RegisterFlagCompletionFunc("observe", cobra.FixedCompletions(observeModes(), cobra.ShellCompDirectiveNoFileComp))
	_ = c.RegisterFlagCompletionFunc("provider", completeProviders(env))
	return c
}

func observeModes() []string { return []string{"files", "reads"} }

// split tells the name before -- from the command after it.
func (o *createOptions) split(c *cobra.Command, words []string) error {
	before := len(words)
	if dash := c.ArgsLenAtDash(); dash >= 0 {
		before = dash
	}
	o.command = words[before:]
	switch {
	case before > 1:
		hint := fmt.Sprintf("exeat sandbox create %s -- %s", words[0], strings.Join(words[1:], " "))
		return &usageError{fmt.Errorf("too many words before --: %q", words[:before]), hint}
	case before == 1:
		o.name = words[0]
	}
	if o.repo != "" && o.workdir != "" {
		return &usageError{err: errors.New("--repo and --workdir exclude each other: the one is a checkout of its own, the other your live files")}
	}
	if c.Flags().Changed("observe") && !slices.Contains(observeModes(), o.observe) {
		return &usageError{fmt.Errorf("--observe %q: want files or reads", o.observe), "--observe files"}
	}
	if o.noKeep && len(o.command) == 0 {
		return &usageError{err: errors.New("--no-keep needs a command after --: without one there is nothing to wait for")}
	}
	return nil
}

func runCreate(ctx context.Context, env Env, opts createOptions) error {
	spare, err := sandbox.Spawn() // starts while we prepare what it is to run
	if err != nil {
		return &codeError{exitSandbox, err}
	}
	defer spare.Close()
	opts.id = spare.ID
	opts.identity = lookUpIdentity(ctx, opts.repo)
	boxes, done, err := env.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	if opts.name, err = freeName(ctx, boxes, opts.name); err != nil {
		return err
	}
	create, err := prepareCreate(ctx, env, boxes.Store, opts)
	if err != nil {
		return err
	}
	create.Spare = spare
	started, err := boxes.Create(ctx, create)
	if err != nil {
		return err
	}
	box := store.Sandbox{ID: create.ID, Name: create.Name, Spec: create.Spec}
	announce(env, "created", box, started)
	if len(box.Spec.Command) == 0 {
		fmt.Fprintf(env.Err, "%s exeat sandbox connect %s\n", env.errStyle().dim("hint:"), box.Name)
		return nil
	}
	return runMain(ctx, env, boxes, box)
}

// freeName refuses a name that is taken before anything is asked or signed, and
// finds one where none was given.
func freeName(ctx context.Context, boxes *sandbox.Sandboxes, name string) (string, error) {
	if name == "" {
		return pickName(ctx, boxes)
	}
	return name, boxes.CheckFree(ctx, name)
}
