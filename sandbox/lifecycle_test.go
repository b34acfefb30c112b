package sandbox_test

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"exeat/sandbox/control"
	"exeat/store"
)

// The first thing a sandbox has to do: run a program, and answer its network.
func TestFirstProgram(t *testing.T) {
	boxes := newBoxes(t)
	create(t, boxes, frozen(t, "first", testPolicy))
	if got := run(t, boxes, "first", "/bin/true"); got.exit != 0 {
		t.Fatalf("got %+v", got)
	}
	got := run(t, boxes, "first", "curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "https://api.example.org/x")
	if got.out != "403" {
		t.Errorf("got %+v, want a 403 inside TLS", got)
	}
	if got := run(t, boxes, "first", "cat", "/exeat/denials.log"); !strings.Contains(got.out, "dst_host:       api.example.org\n") {
		t.Errorf("got %+v, want the denial", got)
	}
	if got := run(t, boxes, "first", "cat", "/var/log/exeat/denials.log"); !strings.Contains(got.out, "l7_decision:    deny\n") {
		t.Errorf("got %+v, want the denial", got)
	}
}

func TestStopStartKeepsHome(t *testing.T) {
	boxes := newBoxes(t)
	create(t, boxes, frozen(t, "box", testPolicy))
	run(t, boxes, "box", "sh", "-c", "echo kept > /sandbox/note; echo gone > /tmp/note")
	if err := boxes.Stop(t.Context(), "box"); err != nil {
		t.Fatal(err)
	}
	if err := boxes.Stop(t.Context(), "box"); err != nil {
		t.Errorf("stopping twice: %v", err)
	}
	if running(t, boxes, "box") {
		t.Error("runs after stop")
	}
	if _, err := boxes.Start(t.Context(), "box"); err != nil {
		t.Fatal(err)
	}
	if got := run(t, boxes, "box", "sh", "-c", "cat /sandbox/note; ls /tmp"); got.out != "kept\n" {
		t.Errorf("got %+v", got)
	}
}

// A stop asks with SIGTERM and gives programs time to answer it.
func TestStopIsGentle(t *testing.T) {
	boxes := newBoxes(t)
	create(t, boxes, frozen(t, "box", testPolicy))
	exit := start(t, boxes, "box", control.ExecRequest{Argv: []string{"bash", "-c", "trap 'echo bye > /sandbox/bye; exit 7' TERM; echo on; while :; do sleep 0.01; done"}})
	if err := boxes.Stop(t.Context(), "box"); err != nil {
		t.Fatal(err)
	}
	if got := <-exit; got != 7 {
		t.Errorf("got exit %d, want the program's own 7", got)
	}
}

// With NoKeep the end of the command is the end of the sandbox, after its exit code was told.
func TestNoKeep(t *testing.T) {
	boxes := newBoxes(t)
	args := frozen(t, "brief", testPolicy)
	args.Spec.NoKeep = true
	create(t, boxes, args)
	run(t, boxes, "brief", "mkdir", "-m", "0", "/sandbox/shut")
	stream, err := begin(t, boxes, "brief", control.ExecRequest{Argv: []string{"sh", "-c", "exit 42"}, Main: true})
	if err != nil {
		t.Fatal(err)
	}
	if exit, err := stream.Copy(nil, &bytes.Buffer{}, &bytes.Buffer{}); exit != 42 || err != nil {
		t.Errorf("got %d, %v, want 42", exit, err)
	}
	await(t, "the row to go", func() bool {
		_, err := boxes.Get(t.Context(), "brief")
		return errors.Is(err, store.ErrNotFound)
	})
	await(t, "the directory to go", func() bool {
		_, err := os.Stat(boxes.Dirs.Sandbox(args.ID))
		return errors.Is(err, os.ErrNotExist)
	})
}

func TestMainStateAndExitCode(t *testing.T) {
	boxes := newBoxes(t)
	create(t, boxes, frozen(t, "box", testPolicy))
	exit := start(t, boxes, "box", control.ExecRequest{Argv: []string{"sh", "-c", "mkfifo /tmp/go; echo on; read x </tmp/go; exit 3"}, Main: true})
	s := status(t, boxes, "box")
	if s.Main == nil || !s.Main.Running || len(s.Running) != 1 {
		t.Errorf("got main %+v, running %+v", s.Main, s.Running)
	}
	run(t, boxes, "box", "sh", "-c", "echo > /tmp/go")
	if got := <-exit; got != 3 {
		t.Errorf("got exit %d, want 3", got)
	}
	if s := status(t, boxes, "box"); s.Main == nil || s.Main.Running || s.Main.ExitCode != 3 {
		t.Errorf("got main %+v", s.Main)
	}
	if info, _ := boxes.Get(t.Context(), "box"); info.ExitCode == nil || *info.ExitCode != 3 {
		t.Errorf("got %+v", info.ExitCode)
	}
}

func TestTerminal(t *testing.T) {
	boxes := newBoxes(t)
	create(t, boxes, frozen(t, "box", testPolicy))
	stream, err := begin(t, boxes, "box", control.ExecRequest{
		Argv: []string{"sh", "-c", "tty; stty size; read line; echo got $line; stty size"}, TTY: true, Rows: 30, Cols: 100,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Resize(40, 120); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	exit, err := stream.Copy(strings.NewReader("hello\n"), &out, &out)
	if err != nil || exit != 0 {
		t.Fatalf("got %d, %v, %q", exit, err, out.String())
	}
	for _, want := range []string{"/dev/pts/", "got hello", "40 120"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in %q", want, out.String())
		}
	}
}

// A client that is killed leaves no program behind that heeds a hang-up.
func TestVanishedClient(t *testing.T) {
	boxes := newBoxes(t)
	create(t, boxes, frozen(t, "box", testPolicy))
	stream, err := begin(t, boxes, "box", control.ExecRequest{Argv: []string{"sleep", "300"}})
	if err != nil {
		t.Fatal(err)
	}
	stream.Close()
	await(t, "the program's end", func() bool { return len(status(t, boxes, "box").Running) == 0 })
}

func TestIsolationIsReported(t *testing.T) {
	boxes := newBoxes(t)
	create(t, boxes, frozen(t, "box", testPolicy))
	s := status(t, boxes, "box")
	for _, m := range s.Isolation {
		if m.State != "on" {
			t.Errorf("%s is %s: %s", m.Name, m.State, m.Detail)
		}
	}
	if i := slices.IndexFunc(s.Isolation, func(m control.Mechanism) bool { return m.Name == "seccomp" }); i < 0 {
		t.Errorf("got %+v", s.Isolation)
	}
}
