package sandbox_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"exeat/policy"
	"exeat/sandbox"
	"exeat/sandbox/confine"
	"exeat/sandbox/control"
	"exeat/sandbox/early"
	"exeat/sandbox/supervisor"
	"exeat/store"
)

// TestMain lets this test binary play the roles that package sandbox starts it in.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "init":
			os.Exit(confine.Init())
		case "supervise":
			os.Exit(supervisor.Main(os.Args[2:]))
		}
	}
	os.Exit(m.Run())
}

const testPolicy = `version: 1
filesystem_policy:
  include_workdir: true
  read_only: [/usr, /lib, /etc, /proc, /var/log]
  read_write: [/sandbox, /tmp, /dev/null]
landlock: { compatibility: best_effort }
network_policies:
  api:
    endpoints:
      - { host: api.example.com, port: 443, protocol: rest, enforcement: enforce, access: read-only }
    binaries:
      - { path: /usr/bin/curl }
`

// newBoxes makes state directories of a test's own.
func newBoxes(t testing.TB) *sandbox.Sandboxes {
	t.Helper()
	base, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dirs := store.Dirs{State: base + "/state", Config: base + "/config", Runtime: base + "/run"}
	if err := store.Prepare(dirs); err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), dirs)
	if err != nil {
		t.Fatal(err)
	}
	boxes := &sandbox.Sandboxes{Dirs: dirs, Store: st, Home: base + "/home"}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		all, err := boxes.List(ctx)
		if err != nil {
			t.Errorf("list: %v", err)
		}
		for _, info := range all {
			if err := boxes.Delete(ctx, info.Name); err != nil {
				t.Errorf("delete %s: %v", info.Name, err)
			}
		}
		st.Close()
	})
	return boxes
}

// frozen is a sandbox that no approver signed.
func frozen(t *testing.T, name, text string) sandbox.CreateArgs {
	t.Helper()
	p, problems := policy.Parse("test.yaml", []byte(text))
	if p == nil {
		t.Fatal(problems)
	}
	return sandbox.CreateArgs{
		ID: early.NewID(), Name: name, Spec: store.Spec{Frozen: true},
		Revision: store.Revision{Number: 1, Digest: p.Digest(), Text: p.Text(), Source: "test", Status: store.RevisionLoaded},
	}
}

func create(t *testing.T, boxes *sandbox.Sandboxes, args sandbox.CreateArgs) sandbox.Started {
	t.Helper()
	started, err := boxes.Create(t.Context(), args)
	if err != nil {
		t.Fatalf("create: %v%s", err, log(boxes, args.ID))
	}
	t.Cleanup(func() {
		words := log(boxes, args.ID)
		if strings.Contains(words, "DATA RACE") {
			t.Error("the supervisor has a data race")
		}
		if t.Failed() {
			t.Log(words)
		}
	})
	return started
}

// log is what the supervisor wrote, for a test that failed.
func log(boxes *sandbox.Sandboxes, id string) string {
	data, err := os.ReadFile(control.Dir(boxes.Dirs.Sandbox(id)).Log())
	if err != nil {
		return ""
	}
	return "\nsupervisor: " + string(data)
}

// result is what a program in a sandbox did.
type result struct {
	out, err string
	exit     int
}

// begin starts a program in a running sandbox.
func begin(t testing.TB, boxes *sandbox.Sandboxes, name string, r control.ExecRequest) (*control.Stream, error) {
	t.Helper()
	client, err := boxes.Connect(t.Context(), name)
	if err != nil {
		return nil, err
	}
	return client.Exec(t.Context(), r)
}

func run(t *testing.T, boxes *sandbox.Sandboxes, name string, argv ...string) result {
	t.Helper()
	stream, err := begin(t, boxes, name, control.ExecRequest{Argv: argv})
	if err != nil {
		t.Fatalf("exec %q: %v", argv, err)
	}
	var out, errOut bytes.Buffer
	exit, err := stream.Copy(strings.NewReader(""), &out, &errOut)
	if err != nil {
		t.Fatalf("exec %q: %v", argv, err)
	}
	return result{out.String(), errOut.String(), exit}
}
