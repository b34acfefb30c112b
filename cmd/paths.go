package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"exeat/policy"
	"exeat/sandbox/supervisor"
)

// pathFlags are --ro and --rw as they were typed.
type pathFlags struct{ readOnly, readWrite []string }

// operations are the change of a policy that the flags ask for.
func (f pathFlags) operations(env Env) ([]policy.Operation, error) {
	var all []policy.Operation
	named := map[string]string{}
	for _, list := range []struct {
		flag, mode string
		names      []string
	}{{"--ro", policy.ModeReadOnly, f.readOnly}, {"--rw", policy.ModeReadWrite, f.readWrite}} {
		for _, name := range list.names {
			path, err := shownPath(env, list.flag, name)
			if err != nil {
				return nil, err
			}
			if other := named[path]; other != "" && other != list.flag {
				return nil, &hintError{fmt.Errorf("%s is named by --ro and by --rw, and cannot be both", path), "leave one of the two out"}
			}
			if named[path] == "" {
				all = append(all, policy.Operation{Op: policy.OpAddPath, Path: path, Mode: list.mode})
			}
			named[path] = list.flag
		}
	}
	return all, nil
}

// apply adds the paths to the policy of a new sandbox, so that they are signed,
// shown and kept like every other path of it. What it lists already stays.
func (f pathFlags) apply(env Env, p *policy.Policy) (*policy.Policy, error) {
	operations, err := f.operations(env)
	if err != nil {
		return nil, err
	}
	operations = slices.DeleteFunc(operations, func(op policy.Operation) bool {
		if op.Mode == policy.ModeReadOnly {
			return slices.Contains(p.Filesystem.ReadOnly, op.Path)
		}
		return slices.Contains(p.Filesystem.ReadWrite, op.Path)
	})
	if len(operations) == 0 {
		return p, nil
	}
	return policy.Apply(p, operations)
}

// shownPath is the real place of what a flag names. A symlink is followed here
// and now, while a human looks: the policy holds where it leads.
func shownPath(env Env, flag, name string) (string, error) {
	path, err := realPath(env, name)
	if err == nil {
		err = supervisor.CheckPath(path, flag == "--rw", []string{env.Dirs.State, env.Dirs.Config, env.Dirs.Runtime}, env.Home)
	}
	if err != nil {
		return "", &hintError{fmt.Errorf("%s %s: %w", flag, name, err), hintOf(err)}
	}
	return path, nil
}

// realPath is where a path leads that a user has typed: from where they are,
// and with ~ as the home directory, which no shell replaces in --ro=~/x.
func realPath(env Env, name string) (string, error) {
	path := name
	if rest, ok := strings.CutPrefix(path, "~"); ok && (rest == "" || rest[0] == '/') {
		path = env.Home + rest
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	real, err := filepath.EvalSymlinks(abs)
	if errors.Is(err, fs.ErrNotExist) {
		return "", &hintError{reason(err), "ls " + nearest(abs)}
	}
	if err != nil {
		return "", reason(err)
	}
	return real, nil
}

// nearest is the closest directory above a path that exists.
func nearest(path string) string {
	dir := filepath.Dir(path)
	for dir != "/" {
		if _, err := os.Stat(dir); err == nil {
			break
		}
		dir = filepath.Dir(dir)
	}
	return dir
}
