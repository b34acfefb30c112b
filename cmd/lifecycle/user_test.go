package lifecycle_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"exeat/cmd/demo/standin"
	"exeat/cmd/demo/world"
)

// patience bounds every wait; with a hundred sandboxes on two cores nothing is quick.
const patience = 60 * time.Second

const policy = `version: 1
filesystem_policy: { read_only: [/usr, /etc], read_write: [/tmp, /dev/null] }
network_policies:
  a:
    endpoints: [ { host: a.example.com, port: 443, protocol: rest, enforcement: enforce, access: read-only } ]
    binaries: [ { path: /usr/bin/curl } ]
`

// fetch is a request that the policy allows.
const fetch = "curl -fsS -m 20 https://a.example.com/"

// user has a home, a policy file, and a host to read from.
type user struct {
	t    *testing.T
	home string
}

func newUser(t *testing.T) *user {
	t.Helper()
	u := &user{t: t, home: filepath.Join(world.Dir(), t.Name())}
	must(t, os.MkdirAll(u.run(), 0o700))
	must(t, os.WriteFile(u.policy(), []byte(policy), 0o644))
	ca, err := standin.ReadCA(filepath.Join(world.Dir(), "etc/ca.pem"))
	must(t, err)
	cert, err := ca.Leaf("a.example.com")
	must(t, err)
	l, err := tls.Listen("tcp", net.JoinHostPort(allowed, "443"), &tls.Config{Certificates: []tls.Certificate{cert}})
	must(t, err)
	server := &http.Server{ReadHeaderTimeout: patience, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "read") })}
	go func() { _ = server.Serve(l) }() // ends with Close
	t.Cleanup(func() { server.Close() })
	return u
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (u *user) policy() string { return filepath.Join(u.home, "policy.yaml") }
func (u *user) state() string  { return filepath.Join(u.home, ".local/state/exeat") }
func (u *user) run() string    { return filepath.Join(u.home, "run") }

func (u *user) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "exeat", args...)
	cmd.Env = append(os.Environ(), "HOME="+u.home, "XDG_RUNTIME_DIR="+u.run(), "NO_COLOR=1")
	cmd.WaitDelay = time.Second
	return cmd
}

// try runs one command line.
func (u *user) try(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(u.t.Context(), patience)
	defer cancel()
	out, err := u.command(ctx, args...).CombinedOutput()
	return string(out), err
}

// exeat runs one command line that must succeed.
func (u *user) exeat(args ...string) string {
	u.t.Helper()
	out, err := u.try(args...)
	if err != nil {
		u.t.Errorf("exeat %q: %v\n%s", args, err, out)
	}
	return out
}

// create makes a frozen sandbox and runs a script in it.
func (u *user) create(name string, flags []string, script ...string) string {
	u.t.Helper()
	return u.exeat(arguments(u, name, flags, script...)...)
}

func arguments(u *user, name string, flags []string, script ...string) []string {
	args := append([]string{"sandbox", "create", name, "--policy", u.policy(), "--frozen"}, flags...)
	if len(script) > 0 {
		args = append(args, "--", "sh", "-c", strings.Join(script, "; "))
	}
	return args
}

// each runs f for 0 to n-1, a few at a time.
func each(n, atOnce int, f func(i int)) {
	next := make(chan int)
	var wait sync.WaitGroup
	for range atOnce {
		wait.Go(func() {
			for i := range next {
				f(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wait.Wait()
}
