package cmd

import (
	"cmp"
	"context"

	"github.com/spf13/cobra"

	"exeat/sandbox"
)

func newSandboxCommand(env Env) *cobra.Command {
	return parent("sandbox", "Create sandboxes, run programs in them, and remove them",
		newSandboxCreateCommand(env), newSandboxConnectCommand(env), newSandboxExecCommand(env),
		newSandboxListCommand(env), newSandboxGetCommand(env),
		newSandboxDiffCommand(env), newSandboxPullCommand(env), newSandboxApplyCommand(env),
		newSandboxPauseCommand(env), newSandboxResumeCommand(env), newSandboxProviderCommand(env),
		newSandboxStopCommand(env), newSandboxStartCommand(env), newSandboxRestartCommand(env), newSandboxDeleteCommand(env))
}

// open opens the store and the sandboxes in it. The caller calls close.
func (e Env) open(ctx context.Context) (boxes *sandbox.Sandboxes, close func(), err error) {
	st, err := e.Store(ctx)
	if err != nil {
		return nil, nil, err
	}
	boxes = &sandbox.Sandboxes{Dirs: e.Dirs, Store: st, Home: e.Home, Keyring: e.keyringSecret, Proxy: e.proxy()}
	return boxes, func() { _ = st.Close() }, nil
}

// proxy is what the environment says, as curl and most programs read it.
func (e Env) proxy() string { return cmp.Or(e.Getenv("HTTPS_PROXY"), e.Getenv("https_proxy")) }

// ofSandbox is a command that prints something of one sandbox.
func ofSandbox(env Env, use, short string, run func(ctx context.Context, env Env, name string, json bool) error) *cobra.Command {
	c := &cobra.Command{
		Use: use, Short: short, Args: args(1, 1, "the name of a sandbox"),
		RunE: func(c *cobra.Command, words []string) error {
			return run(c.Context(), env, words[0], asJSON(c))
		},
	}
	completeSandboxes(env, c)
	return c
}
