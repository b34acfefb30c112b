package cmd

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"exeat/policy"
)

func newPolicyCheckCommand(env Env) *cobra.Command {
	return &cobra.Command{
		Use: "check FILE...", Short: "Say what is wrong with policy files, and what they mean",
		Long: `Check policy files: every error and warning, with file, line and column.

EXIT STATUS
  0  every file loads (warnings do not change that)
  1  at least one file does not load`,
		Example: "  exeat policy check sandbox-policy.yaml\n  exeat policy check - < sandbox-policy.yaml",
		Args:    args(1, -1, "at least one policy file"),
		RunE: func(c *cobra.Command, files []string) error {
			return runPolicyCheck(env, files, asJSON(c))
		},
	}
}

// checked is the outcome for one file.
type checked struct {
	File     string           `json:"file"`
	Loads    bool             `json:"loads"`
	Digest   string           `json:"digest,omitempty"`
	Blocks   int              `json:"blocks"`
	Problems []policy.Problem `json:"problems"`
	Error    string           `json:"error,omitempty"`
}

func runPolicyCheck(env Env, files []string, json bool) error {
	var results []checked
	failed := false
	for _, file := range files {
		result := checkFile(env, file)
		failed = failed || !result.Loads
		results = append(results, result)
	}
	if json {
		if err := writeJSON(env.Out, results); err != nil {
			return err
		}
	} else {
		printChecked(env, results)
	}
	if failed {
		return &codeError{code: exitError}
	}
	return nil
}

func checkFile(env Env, file string) checked {
	p, problems, err := loadPolicy(env, file)
	result := checked{File: file, Loads: err == nil, Problems: problems}
	var broken *policyError
	switch {
	case errors.As(err, &broken): // its problems are listed
	case err != nil:
		result.Error = err.Error()
	default:
		result.Digest, result.Blocks = p.Digest(), len(p.Blocks)
	}
	return result
}

func printChecked(env Env, results []checked) {
	paint := env.outStyle()
	for _, r := range results {
		for _, p := range r.Problems {
			label := paint.bad("error:")
			if p.Severity == policy.SeverityWarning {
				label = paint.warn("warning:")
			}
			fmt.Fprintf(env.Out, "%s %s\n", label, p)
		}
		switch {
		case r.Error != "":
			fmt.Fprintf(env.Out, "%s %s\n", paint.bad("error:"), r.Error)
		case r.Loads:
			blocks := "1 block"
			if r.Blocks != 1 {
				blocks = fmt.Sprintf("%d blocks", r.Blocks)
			}
			fmt.Fprintf(env.Out, "%s %s: %s, digest %.12s\n", paint.good("ok:"), r.File, blocks, r.Digest)
		default:
			fmt.Fprintf(env.Out, "%s %s does not load\n", paint.bad("error:"), r.File)
		}
	}
}
