package supervisor

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"exeat/sandbox/confine"
	"exeat/sandbox/control"
	"exeat/sandbox/toolbox"
)

// explainExec says why a program did not start: whether something it needs is
// nowhere, or on this machine but not in the view, or there and no program.
func (s *supervisor) explainExec(r control.ExecRequest, err error) error {
	var failed *confine.ExecError
	if !errors.As(err, &failed) {
		return err
	}
	switch failed.Problem {
	case confine.NotFound:
		return s.notFound(r)
	case confine.NotExecutable:
		return s.notExecutable(failed)
	case confine.NoInterpreter:
		return s.noInterpreter(failed)
	case confine.TooMany:
		return control.Errorf(control.CodeTooMany, "%s", failed.Error()).WithHint("exeat sandbox get " + s.sandbox.Name + "   (shows the limits; or: exeat sandbox stop " + s.sandbox.Name + ")")
	case confine.Paused: // since we looked
		return control.Errorf(control.CodePaused, "%s", failed.Error()).WithHint("exeat sandbox resume " + s.sandbox.Name)
	case confine.BadDirectory:
		return s.badDirectory(failed)
	}
	return control.Errorf(control.CodeInternal, "%s", failed.Error())
}

func (s *supervisor) notExecutable(failed *confine.ExecError) error {
	err := control.Errorf(control.CodeNotExecutable, "%s", failed.Error())
	if !strings.HasPrefix(failed.Path, "/sandbox/") && !strings.HasPrefix(failed.Path, "/tmp/") {
		return err
	}
	return err.WithHint("exeat sandbox exec " + s.sandbox.Name + " -- chmod +x " + quoteWord(failed.Path))
}

func (s *supervisor) notFound(r control.ExecRequest) error {
	host := cmp.Or(s.onHost(r.Argv[0]), r.Found)
	if host == "" {
		return control.Errorf(control.CodeNoProgram, "there is no program %q, neither in the sandbox nor in the usual places of this machine", r.Argv[0])
	}
	text := host + " is on this machine, but the policy's paths do not show it in the sandbox"
	return s.hidden(control.CodeHidden, text, host, " -- "+quoteWord(host)) // its directory is not in PATH inside
}

func (s *supervisor) noInterpreter(failed *confine.ExecError) error {
	host := failed.Interpreter
	if info, err := os.Stat(host); !path.IsAbs(host) || err != nil || !info.Mode().IsRegular() {
		return control.Errorf(control.CodeNotExecutable, "%s", failed.Error())
	}
	text := fmt.Sprintf("%s is run by %s, which is on this machine, but the policy's paths do not show it in the sandbox", failed.Path, host)
	return s.hidden(control.CodeNotExecutable, text, host, " ...")
}

func (s *supervisor) badDirectory(failed *confine.ExecError) error {
	if info, err := os.Stat(failed.Path); isMissing(failed.Errno) && err == nil && info.IsDir() {
		text := fmt.Sprintf("working directory %s is on this machine, but the policy's paths do not show it in the sandbox", failed.Path)
		return s.hidden(control.CodeBadRequest, text, failed.Path, " ...")
	}
	return control.Errorf(control.CodeBadRequest, "%s", failed.Error())
}

// home is the user's, for looking things up; none of the user's variables is known here.
func (s *supervisor) home() toolbox.Home {
	return toolbox.Home{Dir: s.launch.Home, Getenv: func(string) string { return "" }}
}

// hidden is a sentence about something the view hides, with the line that
// shows it; rest is the rest of
// the command line for a new sandbox, where this one is frozen.
func (s *supervisor) hidden(code, text, host, rest string) error {
	if real, err := filepath.EvalSymlinks(host); err == nil && toolbox.IsShim(host, real) {
		return control.Errorf(code, "%s", text).WithHint("exeat sandbox create --toolchains ...")
	}
	show, err := s.toShow(host)
	if err != nil {
		e := control.AsError(err)
		return control.Errorf(code, "%s; and it cannot: %s", text, e.Message).WithHint(e.HintOf)
	}
	way := "exeat sandbox restart " + s.sandbox.Name + " --ro " + quoteWord(show)
	if s.sandbox.Spec.Frozen {
		way = "exeat sandbox create --ro " + quoteWord(show) + rest
	}
	return control.Errorf(code, "%s", text).WithHint(way + "\nor, in the policy: filesystem_policy.read_only: - " + show)
}

// toShow is the path to list so that host is there: the package or prefix a
// program is part of, since it reads files beside it; itself where that would be
// too much. The error says why nothing can be listed.
func (s *supervisor) toShow(host string) (string, error) {
	own := []string{s.dirs.State, s.dirs.Config, s.dirs.Runtime}
	real, err := newRefusals(own, s.launch.Home).follow(host)
	if err != nil {
		return "", err
	}
	for _, candidate := range []string{s.prefixOf(real), real} {
		if err = CheckPath(candidate, false, own, s.launch.Home); err == nil {
			return candidate, nil
		}
	}
	return "", err
}

// prefixOf is the directory that a program was installed to: /opt/x of
// /opt/x/bin/prog. Where directories hold what was never meant for a sandbox, in
// homes and right below the root, it is the package or the file alone.
func (s *supervisor) prefixOf(file string) string {
	dir := path.Dir(file)
	info, err := os.Stat(file)
	switch {
	case err != nil || info.IsDir():
		return file
	case within(file, s.launch.Home):
		return s.home().Package(file)
	case within(file, "/nix/store"):
		return "/nix/store" // a package there is a web of others
	case path.Dir(dir) == "/" || path.Dir(dir) == "/home":
		return file
	case path.Base(dir) == "bin" && path.Dir(path.Dir(dir)) != "/":
		return path.Dir(dir)
	}
	return dir
}

// quoteWord writes a path as a shell reads it.
func quoteWord(word string) string {
	if strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+@%:,") == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// onHost looks for a program where a user's own would be.
func (s *supervisor) onHost(name string) string {
	places := []string{name}
	if !strings.Contains(name, "/") {
		places = nil
		for _, dir := range append(strings.Split(execPath, ":"), "/snap/bin", "/usr/games", path.Join(s.launch.Home, ".local/bin"), path.Join(s.launch.Home, "bin")) {
			places = append(places, path.Join(dir, name))
		}
	}
	for _, place := range places {
		if info, err := os.Stat(place); err == nil && info.Mode().IsRegular() && path.IsAbs(place) {
			return place
		}
	}
	return ""
}
