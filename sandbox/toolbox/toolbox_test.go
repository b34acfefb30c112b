package toolbox

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// newHome makes a home directory with the files, all of them executable; a
// name with " -> " is a symlink.
func newHome(t *testing.T, files ...string) Home {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name, target, link := strings.Cut(file, " -> ")
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if link {
			err = os.Symlink(target, at)
		} else {
			err = os.WriteFile(at, nil, 0o755)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return Home{Dir: dir, Getenv: func(string) string { return "" }}
}

// What a program brings along is its package and never a directory in which the
// user keeps other things.
func TestPackage(t *testing.T) {
	for _, tt := range []struct {
		file, want string // below the home directory
		beside     []string
	}{
		{file: ".npm-global/lib/node_modules/@a/b/cli.js", want: ".npm-global/lib/node_modules/@a/b"},
		{file: ".npm-global/lib/node_modules/b/node_modules/c/cli.js", want: ".npm-global/lib/node_modules/b"},
		{file: ".local/share/pnpm/global/5/.pnpm/b@1/node_modules/b/cli.js", want: ".local/share/pnpm/global/5/.pnpm/b@1/node_modules/b"},
		{file: ".config/yarn/global/node_modules/b/cli.js", want: ".config/yarn/global/node_modules/b"},
		{file: "node_modules/x", want: "node_modules/x"},
		{file: ".local/share/uv/tools/x/bin/x", want: ".local/share/uv/tools/x", beside: []string{".local/share/uv/tools/x/pyvenv.cfg"}},
		{file: ".local/bin/x", want: ".local/bin/x", beside: []string{".local/pyvenv.cfg", ".local/package.json", "package.json"}},
		{file: "bin/x", want: "bin/x", beside: []string{"pyvenv.cfg", "package.json", "bin/package.json"}},
		{file: "x", want: "x", beside: []string{"package.json"}},
		{file: ".config/x/bin/run", want: ".config/x/bin/run", beside: []string{".config/x/package.json", ".config/package.json"}},
		{file: ".local/share/x/run", want: ".local/share/x/run", beside: []string{".local/share/x/package.json"}},
		{file: ".secrets/run", want: ".secrets/run", beside: []string{".secrets/package.json"}},
		{file: ".local/share/agent/versions/1.2/run", want: ".local/share/agent/versions/1.2"},
		{file: ".local/share/agent/versions/1.2", want: ".local/share/agent/versions/1.2"},
		{file: "versions/1/run", want: "versions/1"},
		{file: "src/tool/bin/tool.js", want: "src/tool", beside: []string{"src/tool/package.json"}},
		{file: ".cargo/bin/rg", want: ".cargo/bin/rg", beside: []string{".cargo/credentials.toml"}},
	} {
		h := newHome(t, append(tt.beside, tt.file)...)
		if got := h.Package(h.at(tt.file)); got != h.at(tt.want) {
			t.Errorf("%s: got %s, want %s", tt.file, strings.TrimPrefix(got, h.Dir+"/"), tt.want)
		}
	}
}

// FuzzPackage: whatever a path looks like, its package contains it, lies below
// the home directory, and is none of the directories that hold everything.
func FuzzPackage(f *testing.F) {
	for _, seed := range []string{"a/node_modules/b/c", ".local/share/node_modules/x/y", "node_modules/@a/b", ".pnpm/node_modules/@/x", "versions/a/b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		h := Home{Dir: "/home/u"}
		file := filepath.Clean("/home/u/" + name)
		if !h.holds(file) || strings.ContainsRune(name, 0) {
			return
		}
		got := h.Package(file)
		if got != file && !strings.HasPrefix(file, got+"/") {
			t.Errorf("%q is not in its package %q", file, got)
		}
		if got == file {
			return
		}
		for _, never := range []string{"/home/u", "/home/u/bin", "/home/u/.local", "/home/u/.local/share", "/home/u/.config", "/home/u/.cache", "/home/u/.ssh"} {
			if got == never || strings.HasPrefix(never, got+"/") {
				t.Errorf("%q: its package is %q", file, got)
			}
		}
	})
}

// A script's interpreter is found through links beside it, and its links come along.
func TestProgramInterpreter(t *testing.T) {
	h := newHome(t,
		".pyenv/versions/3.11.7/bin/python3.11", ".pyenv/versions/3.11.7/lib/python3.11/os.py", ".pyenv/versions/3.11.7/pip.conf",
		".pyenv/versions/3.11 -> 3.11.7", ".pyenv/shims/ruby", ".local/bin/node", ".local/lib/node_modules/x/y", ".local/share/keep")
	tools := map[string]string{
		"#!/usr/bin/env -S A=1 node --flag\n": "node",
		"#!/usr/bin/env ruby\n":               "",
		"#!/bin/sh\n":                         "",
		"#! " + h.at(".pyenv/versions/3.11/bin/python3.11") + " -s\n": "python3.11",
		"\x7fELF": "", "#!": "", "#!/usr/bin/env": "", "": "",
	}
	h.Getenv = func(name string) string {
		return map[string]string{"PATH": h.at(".pyenv/shims") + ":" + h.at(".local/bin")}[name]
	}
	for script, runs := range tools {
		if err := os.WriteFile(h.at("tool"), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
		p, ok := h.Program(h.at("tool"))
		if !ok || p.Runs != runs || !slices.Contains(p.Show, h.at("tool")) {
			t.Errorf("%q: got %+v, want it run by %q", script, p, runs)
		}
		for _, shown := range p.Show {
			if base := filepath.Base(shown); base == "pip.conf" || base == ".local" || base == "lib" && strings.Contains(shown, ".local") {
				t.Errorf("%q shows %s", script, shown)
			}
		}
		if runs == "python3.11" && !slices.Contains(p.Show, h.at(".pyenv/versions/3.11")) {
			t.Errorf("%q: the link is not shown: %q", script, p.Show)
		}
	}
	if _, ok := h.Program(h.at(".pyenv/shims/ruby")); ok {
		t.Error("a shim is taken for the program")
	}
	if _, ok := h.Program("/bin/sh"); ok {
		t.Error("a program of the machine is taken for one below the home directory")
	}
}

func TestNatural(t *testing.T) {
	sorted := []string{"go1.9", "go1.10", "go1.26.0", "v9.0.0", "v20.1.0", "v20.10.0", "v20.10.0-rc"}
	for i := range sorted {
		for j := range sorted {
			if got, want := natural(sorted[i], sorted[j]), i-j; (got < 0) != (want < 0) || (got > 0) != (want > 0) {
				t.Errorf("%s and %s: got %d", sorted[i], sorted[j], got)
			}
		}
	}
}

// Of several versions the one in PATH is used, then the chosen one, then the newest.
func TestInUse(t *testing.T) {
	h := newHome(t, "n/v9.0.0/bin/node", "n/v20.1.0/bin/node", "n/v22.0.0/bin/node", "n/current -> v20.1.0", "n/.cache/x")
	all := versions(h.at("n"))
	if len(all) != 3 {
		t.Fatalf("got %q", all)
	}
	for _, tt := range []struct{ path, preferred, want string }{
		{"", "", "v22.0.0"},
		{"", "9.0.0", "v9.0.0"},
		{"", "lts/*", "v22.0.0"},
		{h.at("n/v9.0.0/bin"), "v20.1.0", "v9.0.0"},
		{"/usr/bin:" + h.at("n/current/bin"), "", "v20.1.0"},
	} {
		h.Getenv = func(string) string { return tt.path }
		if got := h.inUse(all, tt.preferred); got != h.at("n", tt.want) {
			t.Errorf("%+v: got %s", tt, got)
		}
	}
}

// A variable may name another place of a toolchain, but none outside of the home directory.
func TestDir(t *testing.T) {
	h := newHome(t, "elsewhere/bin/cargo")
	h.Getenv = func(name string) string {
		return map[string]string{"CARGO_HOME": h.at("elsewhere"), "RUSTUP_HOME": "/usr"}[name]
	}
	tool := h.rust()
	if !slices.Equal(tool.Show, []string{h.at("elsewhere/bin")}) || tool.Env["RUSTUP_HOME"] != "" {
		t.Errorf("got %+v", tool)
	}
}

// The machine's own Go is in every view, and has to be in PATH; of the user's, the versions that are there too.
func TestGolang(t *testing.T) {
	h := newHome(t, "sdk/go1.24/VERSION", "sdk/go1.24/src/runtime/x", "sdk/go1.24/bin/go")
	machine := newHome(t, "go/VERSION", "go/src/runtime/x", "go/bin/go", "bin/go -> ../go/bin/go")
	h.Local = machine.Dir
	h.Getenv = func(name string) string { return map[string]string{"PATH": machine.at("bin")}[name] }
	tool := h.golang()
	if !slices.Equal(tool.Bin, []string{machine.at("go/bin"), h.at("sdk/go1.24/bin")}) || !slices.Contains(tool.Show, h.at("sdk/go1.24/src")) {
		t.Errorf("got %+v", tool)
	}
	h.Local = ""
	if tool := h.golang(); slices.Contains(tool.Bin, machine.at("go/bin")) {
		t.Errorf("elsewhere: got %+v", tool)
	}
}
