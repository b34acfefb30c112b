package reexec_test

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"exeat/sandbox/reexec"
)

// TestMain plays the hidden command "child": it prints what it was given.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "child" {
		os.Exit(child(os.Args[2:]))
	}
	os.Exit(m.Run())
}

func child(args []string) int {
	files, rest, err := reexec.Received(args)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	open, _ := os.ReadDir("/proc/self/fd")
	fmt.Println(rest, os.Environ(), len(files))
	for _, e := range open {
		if to, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && strings.HasSuffix(to, "secret") {
			fmt.Println("leaked", e.Name())
		}
	}
	text, _ := io.ReadAll(files["note"])
	fmt.Println(string(text))
	return 7
}

func TestCommand(t *testing.T) {
	note, err := reexec.Memory("note", []byte("handed down"))
	if err != nil {
		t.Fatal(err)
	}
	defer note.Close()
	note.Seek(0, io.SeekStart)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p, err := reexec.Command{
		Role: "child", Args: []string{"one", "two words"}, Env: []string{"A=b"}, Stdout: w,
		Files: []reexec.File{{Name: "control", File: w}, {Name: "note", File: note}},
	}.Start()
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	out, _ := io.ReadAll(r)
	state, err := p.Wait()
	if err != nil || state.ExitCode() != 7 {
		t.Errorf("got %v, %v", state, err)
	}
	if got, want := string(out), "[one two words] [A=b] 2\nhanded down\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestBadNames(t *testing.T) {
	for _, name := range []string{"", "a,b", "a=b"} {
		if _, err := (reexec.Command{Role: "child", Files: []reexec.File{{Name: name, File: os.Stdin}}}).Start(); err == nil {
			t.Errorf("name %q was accepted", name)
		}
	}
}

func TestNotHandedDown(t *testing.T) {
	for _, args := range [][]string{nil, {"one"}, {"files=a" + strings.Repeat(",a", 1000)}} {
		if _, _, err := reexec.Received(args); err == nil {
			t.Errorf("%q was accepted", args)
		}
	}
	if _, rest, err := reexec.Received([]string{"files=", "x"}); err != nil || !slices.Equal(rest, []string{"x"}) {
		t.Errorf("no files: got %q, %v", rest, err)
	}
}

// What a shell left open does not travel on, once sealed.
func TestSeal(t *testing.T) {
	secret, err := os.CreateTemp(t.TempDir(), "*.secret")
	if err != nil {
		t.Fatal(err)
	}
	defer secret.Close()
	fd := clearCloseOnExec(t, secret)
	if err := reexec.Seal(); err != nil {
		t.Fatal(err)
	}
	if !closesOnExec(t, fd) {
		t.Error("a descriptor is still inherited")
	}
}
