package sandbox_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"exeat/sandbox/control"
	"exeat/store"
)

// hint is what an error says to do.
func hint(err error) string {
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		return hinted.Hint()
	}
	return ""
}

// Wrong inputs get one clear sentence and a way out.
func TestClearErrors(t *testing.T) {
	boxes := newBoxes(t)
	create(t, boxes, frozen(t, "alpha", testPolicy))
	tests := []struct {
		name, text, hint string
		do               func() error
	}{
		{"unknown, near", `no sandbox is called "alhpa"`, `did you mean "alpha"?`, func() error { return boxes.Stop(t.Context(), "alhpa") }},
		{"unknown, far", `no sandbox is called "zebra"`, "exeat sandbox list", func() error { return boxes.Delete(t.Context(), "zebra") }},
		{"second of a name", `a sandbox called "alpha" exists already`, "exeat sandbox connect alpha", func() error {
			_, err := boxes.Create(t.Context(), frozen(t, "alpha", testPolicy))
			return err
		}},
		{"bad name", `sandbox name "Al pha"`, "exeat sandbox create my-sandbox -- bash", func() error {
			_, err := boxes.Create(t.Context(), frozen(t, "Al pha", testPolicy))
			return err
		}},
		{"running already", `sandbox "alpha" is running already`, "exeat sandbox connect alpha", func() error {
			_, err := boxes.Start(t.Context(), "alpha")
			return err
		}},
	}
	for _, tt := range tests {
		err := tt.do()
		if err == nil || !strings.HasPrefix(err.Error(), tt.text) || !strings.HasPrefix(hint(err), tt.hint) {
			t.Errorf("%s: got %v, hint %q", tt.name, err, hint(err))
		}
	}
	boxes.Stop(t.Context(), "alpha")
	_, err := begin(t, boxes, "alpha", control.ExecRequest{Argv: []string{"true"}})
	if !errors.Is(err, control.ErrNotRunning) || hint(err) != "exeat sandbox start alpha" {
		t.Errorf("stopped: got %v, hint %q", err, hint(err))
	}
}

// A sandbox that cannot be built leaves nothing: no row, no directory.
func TestCreateRefuses(t *testing.T) {
	boxes := newBoxes(t)
	os.MkdirAll(boxes.Home+"/project", 0o755)
	tests := []struct {
		name, policy, workdir, want string
	}{
		{"the root", testPolicy, "/", "holds more than one project"},
		{"the home", testPolicy, boxes.Home, "holds more than one project"},
		{"our state", testPolicy, boxes.Dirs.State, "exeat's own files"},
		{"above our state", testPolicy, filepath.Dir(boxes.Dirs.State), "exeat's own files"},
		{"the system", testPolicy, "/etc", "belongs to the system"},
		{"an own place", testPolicy, "/proc/self", "the sandbox's own"},
		{"a missing workdir", testPolicy, boxes.Home + "/none", "no such file or directory"},
		{"no workdir wanted", strings.Replace(testPolicy, "include_workdir: true", "include_workdir: false", 1), boxes.Home + "/project", "include_workdir: false"},
		{"a missing path, strictly", strings.NewReplacer("best_effort", "hard_requirement", "/usr, /lib", "/usr, /no/such").Replace(testPolicy), "", "/no/such does not exist"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			args := frozen(t, "box", tt.policy)
			args.Spec.Workdir = tt.workdir
			_, err := boxes.Create(t.Context(), args)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
			if _, err := boxes.Get(t.Context(), "box"); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("row: got %v, want it gone", err)
			}
			if _, err := os.Stat(boxes.Dirs.Sandbox(args.ID)); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("directory: got %v, want it gone", err)
			}
		})
	}
}

func TestMissingPathsWarn(t *testing.T) {
	boxes := newBoxes(t)
	started := create(t, boxes, frozen(t, "box", strings.Replace(testPolicy, "/usr, /lib", "/usr, /no/such", 1)))
	if len(started.Warnings) != 1 || !strings.Contains(started.Warnings[0], "/no/such") {
		t.Errorf("got %q", started.Warnings)
	}
}

// The user learns whether a program is nowhere, hidden, or no program.
func TestExecErrors(t *testing.T) {
	boxes := newBoxes(t)
	os.MkdirAll(boxes.Home+"/bin", 0o755)
	os.WriteFile(boxes.Home+"/bin/tool", []byte("#!/bin/sh\n"), 0o755)
	create(t, boxes, frozen(t, "box", testPolicy))
	run(t, boxes, "box", "sh", "-c", "echo x > /sandbox/plain; printf '#!/no/interp\n' > /sandbox/script; chmod +x /sandbox/script")
	tests := []struct {
		argv string
		dir  string
		code string
	}{
		{"no-such-program", "", control.CodeNoProgram},
		{"/usr/bin/no-such-program", "", control.CodeNoProgram},
		{boxes.Home + "/bin/tool", "", control.CodeHidden},
		{"tool", "", control.CodeHidden},
		{"/sandbox/plain", "", control.CodeNotExecutable},
		{"/sandbox/script", "", control.CodeNotExecutable},
		{"true", "/no/such/dir", control.CodeBadRequest},
	}
	for _, tt := range tests {
		_, err := begin(t, boxes, "box", control.ExecRequest{Argv: []string{tt.argv}, Dir: tt.dir})
		var got *control.Error
		if !errors.As(err, &got) || got.Code != tt.code {
			t.Errorf("%s: got %v (%+v), want code %s", tt.argv, err, got, tt.code)
		}
	}
}

// A supervisor that dies while starting is reported in its own words.
func TestSupervisorDies(t *testing.T) {
	boxes := newBoxes(t)
	create(t, boxes, frozen(t, "box", testPolicy))
	if err := boxes.Stop(t.Context(), "box"); err != nil {
		t.Fatal(err)
	}
	info, err := boxes.Get(t.Context(), "box")
	if err != nil {
		t.Fatal(err)
	}
	lock, err := control.Dir(boxes.Dirs.Sandbox(info.ID)).TryLock()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := boxes.Start(t.Context(), "box"); err == nil || !strings.Contains(err.Error(), "running already") {
		t.Errorf("got %v", err)
	}
	lock.Close()
	if err := os.Remove(control.Dir(boxes.Dirs.Sandbox(info.ID)).Private()); err != nil {
		t.Fatal(err)
	}
	if _, err := boxes.Start(t.Context(), "box"); err == nil || !strings.Contains(err.Error(), "private values") {
		t.Errorf("got %v", err)
	}
}
