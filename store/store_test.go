package store_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"exeat/store"
)

const box = "0123456789abcdef"

// dirs are prepared directories below a temporary one.
func dirs(t testing.TB) store.Dirs {
	t.Helper()
	d := below(t.TempDir())
	if err := store.Prepare(d); err != nil {
		t.Fatal(err)
	}
	return d
}

func below(base string) store.Dirs {
	return store.Dirs{State: filepath.Join(base, "state"), Config: filepath.Join(base, "config"), Runtime: filepath.Join(base, "run")}
}

func open(t testing.TB, d store.Dirs) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

func openLog(t testing.TB, d store.Dirs, b store.Bounds) *store.DecisionLog {
	t.Helper()
	l, err := store.OpenDecisionsBounded(t.Context(), d, box, b)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func openReader(t testing.TB, d store.Dirs) *store.DecisionReader {
	t.Helper()
	r, err := store.OpenDecisionReader(t.Context(), d, box)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// denial is the tutorial's, as the proxy reports it.
func denial() store.Decision {
	return store.Decision{
		Time: time.Unix(1_800_000_000, 123).UTC(), Revision: 1, Exe: "/usr/bin/curl", PID: 17,
		Ancestors: []string{"/usr/bin/bash", "/usr/local/bin/claude"},
		Host:      "api.github.com", Port: 443, Layer: "l7", Protocol: "rest", Method: "GET",
		Target: "/repos/acme/demo/contents/hello_world.py", Verdict: store.VerdictDeny, Policy: "github_rest_api",
		Code: "policy_denied", Reason: "GET /repos/acme/demo/contents/hello_world.py not permitted by policy",
		RuleMissing: "- allow:\n    method: GET\n    path: /repos/acme/demo/contents/hello_world.py\n",
	}
}

func allowed() store.Decision {
	d := denial()
	d.Verdict, d.Code, d.Reason, d.RuleMissing = "allow", "", "", ""
	return d
}

// fill writes n decisions, each hundredth a denial.
func fill(t testing.TB, d store.Dirs, n int) {
	t.Helper()
	l := openLog(t, d, store.Bounds{Queue: n + 1})
	for i := range n {
		row := allowed()
		row.Time, row.Target = time.Now(), fmt.Sprint("/path/", i)
		if i%100 == 0 {
			row.Verdict = store.VerdictDeny
		}
		if _, err := l.Enqueue(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}
