// Command client speaks one protocol to an origin and prints what it hears, with libraries that know nothing of sandboxes.
package main

import (
	"context"
	"fmt"
	"os"
	"time"
)

// command does one thing at a URL. More arguments are its own.
type command func(ctx context.Context, url string, args []string) error

var commands = map[string]command{
	"get": get, "put-trailer": putTrailer, "timed": timed,
	"ws": socket, "ws-graphql": subscribe,
	"mcp": callTool,
	"say": say, "count": count, "chat": chat,
}

func main() {
	run, ok := commands[argument(1)]
	if !ok || len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: client COMMAND URL [ARGUMENT...]")
		os.Exit(2)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := run(ctx, os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, "client:", err)
		os.Exit(1)
	}
}

func argument(i int) string {
	if i < len(os.Args) {
		return os.Args[i]
	}
	return ""
}
