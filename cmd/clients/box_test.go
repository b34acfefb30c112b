package clients_test

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"exeat/cmd/demo/origin"
	"exeat/cmd/demo/standin"
	"exeat/cmd/demo/world"
)

// patience bounds every wait for what takes milliseconds on an idle machine.
const patience = 30 * time.Second

// box is a sandbox, and the origin that its programs know as origin.example.com.
type box struct {
	origin *origin.Origin
	env    []string
}

func newBox(t *testing.T) *box {
	t.Helper()
	b := &box{origin: origin.New()}
	ca, err := standin.ReadCA(filepath.Join(world.Dir(), "etc/ca.pem"))
	must(t, err)
	cert, err := ca.Leaf("origin.example.com", "away.example.com", "github.com")
	must(t, err)
	must(t, b.origin.Listen(t.Context(), originHost, cert))
	hub, err := standin.NewGitHub(t.Context(), filepath.Join(world.Dir(), "repos"), "-", "acme/widgets", "acme/secrets")
	must(t, err)
	must(t, hub.Listen(t.Context(), gitHost, cert))
	greet(t, net.JoinHostPort(originHost, "6379"))
	b.create(t)
	return b
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// greet serves a protocol that is not HTTP and in which the server speaks first.
func greet(t *testing.T, address string) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	must(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte("+PONG\r\n"))
			c.Close()
		}
	}()
}

func (b *box) create(t *testing.T) {
	t.Helper()
	run, tools := filepath.Join(world.Dir(), "run"), filepath.Join(world.Dir(), "tools")
	must(t, os.MkdirAll(run, 0o700))
	b.env = append(os.Environ(), "XDG_RUNTIME_DIR="+run, "NO_COLOR=1")
	file := filepath.Join(world.Dir(), "policy.yaml")
	text, err := os.ReadFile(file)
	must(t, err)
	must(t, os.WriteFile(file, bytes.ReplaceAll(text, []byte("TOOLS"), []byte(tools)), 0o644))
	if out, code := b.exeat("sandbox", "create", "demo", "--frozen", "--policy", file, "--ro", tools, "--env", "C="+tools+"/client"); code != 0 {
		t.Fatalf("create: exit code %d\n%s", code, out)
	}
	t.Cleanup(func() { b.exeat("sandbox", "delete", "--force", "demo") })
}

// run is a command line in the sandbox; it returns all that is printed, and the exit code.
func (b *box) run(command string) (string, int) {
	return b.exeat("sandbox", "exec", "demo", "--", "bash", "-c", "O=https://origin.example.com; cd /tmp; "+command)
}

func (b *box) exeat(args ...string) (string, int) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "exeat", args...)
	cmd.Env, cmd.WaitDelay = b.env, time.Second
	var out, complaints bytes.Buffer // apart: they come by two ways, and would tear each other's lines
	cmd.Stdout, cmd.Stderr = &out, &complaints
	_ = cmd.Run()
	return out.String() + "\n" + complaints.String(), cmd.ProcessState.ExitCode()
}
