// Command proxy measures the proxy beside others: requests, connections and bytes per second, what they cost in processor time, and what they hold in memory.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// run is either the bench or, in a process that the bench started, one role of it: client, proxies
// and origin are processes of their own, so that the kernel keeps their accounts apart.
func run() error {
	if len(os.Args) > 1 {
		if role, ok := roles()[os.Args[1]]; ok {
			return role(os.Args[2:])
		}
	}
	b := &bench{}
	flag.IntVar(&b.rounds, "rounds", 5, "how often each figure is taken")
	flag.DurationVar(&b.window, "window", 400*time.Millisecond, "how long one measurement lasts")
	flag.DurationVar(&b.budget, "budget", 5*time.Minute+20*time.Second, "begin no round that would end later than this")
	flag.StringVar(&b.only, "only", "", "names of the subjects, separated by commas; all if empty")
	flag.StringVar(&b.profile, "cpuprofile", "", "write a profile of exeat under keep-alive load to this file, and measure nothing")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return b.run(ctx)
}

// roles are the hidden commands of this program.
func roles() map[string]func([]string) error {
	return map[string]func([]string) error{
		"role-client":  runClient,
		"role-origin":  runOrigin,
		"role-relay":   runRelay,
		"role-floor":   runFloor,
		"role-goproxy": runGoproxy,
		"role-exeat":   runExeat,
	}
}
