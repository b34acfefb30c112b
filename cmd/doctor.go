package cmd

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"

	"exeat/sandbox/doctor"
)

const doctorHelp = `Say what this machine has of the things that sandboxes are made of, what is lost
without each, and what to do about it. It tries them: a sandbox is made and a
program run in it, and each feature is tried by itself. Nothing is created.

EXIT STATUS
  0  sandboxes can be created
  1  something essential is missing; the first line says what`

func newDoctorCommand(env Env) *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "Say what this machine lacks for sandboxes, and what to do",
		Long: doctorHelp, Args: args(0, 0, "nothing"),
		RunE: func(c *cobra.Command, _ []string) error { return runDoctor(c.Context(), env, asJSON(c)) },
	}
}

func runDoctor(ctx context.Context, env Env, json bool) error {
	host := doctor.Host{Dirs: env.Dirs, DirsErr: env.DirsErr, KeyFile: env.keyPath(), Proxy: env.proxy()}
	host.Git, _ = exec.LookPath("git") // empty: that is the finding
	r := doctor.Examine(ctx, host)
	if err := showReport(env, r, json); err != nil {
		return err
	}
	if r.Problem != "" {
		return &codeError{exitError, nil}
	}
	return nil
}

func showReport(env Env, r doctor.Report, json bool) error {
	if json {
		return writeJSON(env.Out, r)
	}
	paint := env.outStyle()
	if r.Problem == "" {
		fmt.Fprintln(env.Out, paint.good("sandboxes can be created"))
	} else {
		fmt.Fprintf(env.Out, "%s %s\n", paint.bad("sandboxes cannot be created:"), r.Problem)
		indented(env.Out, paint.dim("hint:"), r.Hint)
	}
	fmt.Fprintln(env.Out)
	if err := table(env.Out, []string{"WHAT", "STATE", "FOUND"}, reportRows(r)); err != nil {
		return err
	}
	for _, f := range r.Checks {
		if f.Lost != "" {
			fmt.Fprintf(env.Out, "\n%s\n", paint.bold(f.Name))
			indented(env.Out, "  lost:", f.Lost)
			indented(env.Out, "  do:  ", f.Advice)
		}
	}
	return nil
}

func reportRows(r doctor.Report) [][]string {
	var rows [][]string
	for _, f := range r.Checks {
		state := string(f.State)
		if f.Stops() {
			state = strings.ToUpper(state) // no sandbox without it
		}
		rows = append(rows, []string{f.Name, state, f.Detail})
	}
	return rows
}

// indented prints a text behind a label, and further lines of it below.
func indented(w io.Writer, label, text string) {
	for line := range strings.Lines(text) {
		fmt.Fprintf(w, "%s %s\n", label, strings.TrimRight(line, "\n"))
	}
}
