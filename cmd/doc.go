// Package cmd is the command line: it reads flags, environment and terminal, calls one other package, and prints.
//
// A command is one file with three parts: a constructor newXCommand(env) that
// only declares flags, a struct of options, and a function runX(ctx, env, opts)
// that does the work. To add one: write the file, add its constructor in
// root.go, end its help with an EXIT STATUS where it has codes of its own,
// write a script in testdata/script, and a file in docs/changes.
//
// Standard output is the answer, standard error everything else. A question
// for the human goes to the terminal through package ask, never to standard input.
package cmd
