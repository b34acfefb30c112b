package store_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"exeat/store"
)

// million makes a file of a million decisions, each tenth a denial, the first of another kind.
func million(t *testing.T, d store.Dirs) {
	t.Helper()
	l := openLog(t, d, store.Bounds{})
	record(t, l, denial())
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := raw(t, filepath.Join(d.State, "decisions-"+box+"-1.db")).Exec(`PRAGMA synchronous = OFF;
WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)
INSERT INTO decisions SELECT i, at + i * 1000000, at + i * 1000000, 1, revision, exe, pid, ancestors, host, port, layer, protocol, method, target || i,
	CASE WHEN i % 10 = 0 THEN 'deny' ELSE 'allow' END, policy, iif(i = 10, 'rare', code), reason, rule_missing, credential, status, bytes_in, bytes_out, duration, tainted
	FROM decisions, n WHERE id = 1`)
	if err != nil {
		t.Fatal(err)
	}
}

func TestMillion(t *testing.T) {
	d := dirs(t)
	s := time.Now()
	million(t, d)
	t.Log("made in", time.Since(s))
	r := openReader(t, d)
	last := page(t, r, store.DecisionFilter{Limit: 1})[0]
	for name, f := range map[string]store.DecisionFilter{
		"logs": {Limit: 1000}, "logs denied": {Denied: true, Limit: 1000}, "since": {Since: last.Time.Add(-10 * time.Minute)}, "since denied": {Denied: true, Since: last.Time.Add(-10 * time.Minute)},
		"since early": {Since: last.Time.Add(-1000 * time.Second), Denied: true}, "after": {AfterID: 500_000, Denied: true}, "before": {BeforeID: 500_000, Denied: true, Limit: 100},
		"2000": {Denied: true, Limit: 2000},
	} {
		var best time.Duration = time.Hour
		for range 3 {
			s := time.Now()
			n, err := r.Decisions(context.Background(), f)
			if err != nil || len(n) == 0 {
				t.Fatal(name, err)
			}
			best = min(best, time.Since(s))
		}
		t.Log(name, best)
	}
}
