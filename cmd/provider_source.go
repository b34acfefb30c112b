package cmd

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"exeat/store"
)

// sourceOptions say where a secret comes from and where it is kept.
type sourceOptions struct {
	credential   string
	fromFile     string
	fromCommand  string
	fromExisting bool
	keyring      bool
}

func (o *sourceOptions) flags(f *pflag.FlagSet) {
	f.StringVar(&o.credential, "credential", "", "the variable that holds it, as `NAME` or NAME=-")
	f.StringVar(&o.fromFile, "from-file", "", "the file that holds it, as `NAME=PATH`")
	f.StringVar(&o.fromCommand, "from-command", "", "the command that prints it, as `NAME=COMMAND`")
	f.BoolVar(&o.fromExisting, "from-existing", false, "take it from the variable or the login the type knows")
	f.BoolVar(&o.keyring, "keyring", false, "keep it in the desktop's keyring, not in a file")
}

// given counts the sources that were named.
func (o sourceOptions) given() int {
	n := 0
	for _, is := range []bool{o.credential != "", o.fromFile != "", o.fromCommand != "", o.fromExisting} {
		if is {
			n++
		}
	}
	return n
}

// pick is the one source that was named, and the variable that the secret has in sandboxes, where it
// has one of its own.
func (o sourceOptions) pick(env Env) (variable string, source store.Source, err error) {
	switch {
	case o.given() > 1:
		return "", source, &usageError{err: errors.New("more than one source is named for the credential: name one")}
	case o.given() == 0:
		return "", source, &usageError{err: errors.New("say where the credential comes from: --from-existing, --credential NAME, " +
			"--from-file NAME=PATH, or --from-command NAME='gh auth token'")}
	case o.fromFile != "":
		return o.pickFile(env)
	case o.fromCommand != "":
		return o.pickCommand()
	case o.credential != "":
		return o.pickVariable()
	}
	return "", store.Source{Kind: store.SourceVariable}, nil
}

// pickVariable refuses a value after =: it has been in the shell's history and in everybody's process
// list by then.
func (o sourceOptions) pickVariable() (string, store.Source, error) {
	variable, value, given := strings.Cut(o.credential, "=")
	if given && value != "-" {
		err := errors.New("a credential's value must not stand on the command line, where other users can read it")
		hint := fmt.Sprintf("export %s=...; and --credential %s   (or --credential %s=- to type it)", variable, variable, variable)
		return "", store.Source{}, &usageError{err, hint}
	}
	if given {
		return variable, store.Source{Kind: store.SourceInput}, nil
	}
	return variable, store.Source{Kind: store.SourceVariable, Variable: variable}, nil
}

func (o sourceOptions) pickFile(env Env) (string, store.Source, error) {
	variable, path, given := strings.Cut(o.fromFile, "=")
	if !given || variable == "" || path == "" {
		return "", store.Source{}, &usageError{fmt.Errorf("--from-file %q: want NAME=PATH", o.fromFile), "--from-file GITHUB_TOKEN=/path/to/file"}
	}
	if rest, home := strings.CutPrefix(path, "~/"); home { // no shell expands it there
		path = filepath.Join(env.Home, rest)
	}
	abs, err := filepath.Abs(path)
	return variable, store.Source{Kind: store.SourceFile, Path: abs}, err
}

func (o sourceOptions) pickCommand() (string, store.Source, error) {
	variable, line, _ := strings.Cut(o.fromCommand, "=")
	command, err := splitWords(line)
	if err == nil && (variable == "" || len(command) == 0) {
		err = errors.New("want NAME=COMMAND")
	}
	if err != nil {
		err = fmt.Errorf("--from-command %q: %w", o.fromCommand, err)
		return "", store.Source{}, &usageError{err, "--from-command GITHUB_TOKEN='gh auth token'"}
	}
	return variable, store.Source{Kind: store.SourceCommand, Command: command}, nil
}

// describeSource says where a secret comes from, in words.
func describeSource(s store.Source, variables []string) string {
	switch s.Kind {
	case store.SourceVariable:
		if s.Variable != "" {
			return "variable " + s.Variable
		}
		return "variable " + strings.Join(variables, " or ")
	case store.SourceInput:
		return "typed, or standard input"
	case store.SourceFile, store.SourceLogin:
		return s.Kind + " " + s.Path
	case store.SourceCommand:
		return "command " + joinWords(s.Command)
	}
	return "unknown"
}
