package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"exeat/sandbox"
)

func newSandboxPauseCommand(env Env) *cobra.Command {
	c := eachSandbox(env, "pause NAME...", "Stop every program where it stands, until resume", "paused",
		func(ctx context.Context, boxes *sandbox.Sandboxes, name string) error { return boxes.Pause(ctx, name) })
	c.Long = `Stop every program of sandboxes where it stands, until "exeat sandbox resume".
Nothing starts in a paused sandbox; it can be stopped and deleted, which then
ends its programs without asking them.

Exeat pauses a sandbox by itself when going on would do harm, such as filling
the disk; "exeat sandbox get" says why.`
	return c
}

func newSandboxResumeCommand(env Env) *cobra.Command {
	return eachSandbox(env, "resume NAME...", "Let the programs of paused sandboxes run again", "resumed",
		func(ctx context.Context, boxes *sandbox.Sandboxes, name string) error { return boxes.Resume(ctx, name) })
}
