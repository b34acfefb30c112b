package cmd

import (
	"context"
	"fmt"
	"time"

	"exeat/sandbox/control"
	"exeat/sandbox/repo"
)

// pausedEvery is how often an attached command looks whether its program stands still.
const pausedEvery = time.Second

// sayPaused says at the terminal of an attached program why it stands still and
// how it goes on: nothing else would, and it looks as if it hung.
func sayPaused(ctx context.Context, env Env, client *control.Client, name string, tty bool) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		for said := ""; waited(ctx, pausedEvery); {
			if why, err := client.Paused(ctx); err == nil && why != said {
				said = why
				printPaused(env, name, why, tty)
			}
		}
	}()
	return func() { cancel(); <-finished }
}

// waited reports whether the time went by before ctx ended.
func waited(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

func printPaused(env Env, name, why string, tty bool) {
	end := "\n"
	if tty {
		end = "\r\n" // the terminal is raw
	}
	if why == "" {
		fmt.Fprintf(env.Err, "%s goes on%s", name, end)
		return
	}
	fmt.Fprintf(env.Err, "%s %s is paused: %s%s", env.errStyle().warn("warning:"), name, repo.Visible(why), end)
	fmt.Fprintf(env.Err, "%s exeat sandbox resume %s%s", env.errStyle().dim("hint:"), name, end)
}
