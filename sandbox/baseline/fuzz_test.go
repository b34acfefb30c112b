package baseline

import (
	"strings"
	"testing"
)

// FuzzHooksPath holds that what a configuration says of the hooks is one line of it.
func FuzzHooksPath(f *testing.F) {
	for _, seed := range []string{"[core]\n\thooksPath = \"a b\"\n", "hookspath=x", "=", "\xff=\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, config []byte) {
		got := hooksPath(config)
		if strings.Contains(got, "\n") || !strings.Contains(string(config), got) {
			t.Errorf("%q says %q", config, got)
		}
	})
}

// FuzzJudge holds that no name of a git directory that is not a regular file or a
// directory goes unseen, and that hooks and configuration never do.
func FuzzJudge(f *testing.F) {
	for _, seed := range []string{"config", "hooks", "HEAD", "refs", "objects", "info", "x\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		for _, in := range []place{gitDir, gitInfo, gitMany, gitTrees, gitInside} {
			for _, kind := range []Kind{Link, Other} {
				if judgeGit(in, name, kind).why == "" {
					t.Errorf("%q, a %s in place %d, is not seen", name, kind, in)
				}
			}
		}
	})
}
