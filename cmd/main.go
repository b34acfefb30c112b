package cmd

import (
	"context"
	"errors"
	"os/signal"
	"slices"
	"syscall"

	"github.com/spf13/cobra"
)

// Main runs one command line and returns its exit code.
func Main(args []string, env Env) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	root := newRootCommand(env)
	root.SetArgs(args)
	called, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitOK
	}
	err = withUsage(called, err)
	report(env, err, slices.Contains(args, "--json"))
	return exitCode(err)
}

// withUsage gives a usage mistake without a hint the command's own usage line as one.
func withUsage(called *cobra.Command, err error) error {
	var usage *usageError
	if errors.As(err, &usage) && usage.hint == "" {
		return &usageError{usage.err, called.UseLine() + "   (see '" + called.CommandPath() + " --help')"}
	}
	return err
}
