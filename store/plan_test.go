package store

import (
	"database/sql"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// readers are the filters of `exeat logs` and of both list_denials.
func readers() map[string]DecisionFilter {
	recent := time.Unix(1_800_000_990, 0) // ten seconds before the last of million
	return map[string]DecisionFilter{
		"logs":                 {Limit: 1000},
		"logs --since":         {Since: recent, Limit: 1000},
		"logs --since ever":    {Since: time.Unix(1, 0), Limit: 1000},
		"logs --denied":        {Denied: true, Limit: 1000},
		"logs --denied follow": {Denied: true, AfterID: 500_000, Limit: 1000},
		"list_denials":         {Denied: true, Limit: 101},
		"list_denials older":   {Denied: true, BeforeID: 500_000, Limit: 101},
		"list_denials kind":    {Denied: true, Code: "rare", Limit: 101},
		"list_denials since":   {Denied: true, Code: "common", Since: recent, Limit: 101},
	}
}

// Every one of them goes by an index and sorts nothing.
func TestPlans(t *testing.T) {
	d := testDirs(t)
	db := testFile(t, d)
	for name, f := range readers() {
		db.version = newestSchema
		want := []string{
			"MERGE (UNION ALL)", "LEFT", "SEARCH decisions USING INTEGER PRIMARY KEY (rowid>?)",
			"RIGHT", "SEARCH a USING INTEGER PRIMARY KEY (rowid>?)", "SEARCH p USING INTEGER PRIMARY KEY (rowid=?)",
		}
		if f.Denied {
			want = []string{"SEARCH decisions USING INDEX decisions_denied (verdict=? AND rowid>?)"}
		}
		if f.Code != "" {
			want = []string{"SEARCH decisions USING INDEX decisions_code (code=? AND rowid>?)"}
		}
		if f.BeforeID > 0 {
			want[0] = strings.Replace(want[0], "rowid>?)", "rowid>? AND rowid<?)", 1)
		}
		st := f.statement(db, 1)
		rows, err := db.pool.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+st.text, st.args...)
		if err != nil {
			t.Fatal(name, err)
		}
		plan, err := plans(rows)
		if err != nil || !slices.Equal(plan, want) {
			t.Errorf("%s: got plan %q, %v, want %q", name, plan, err, want)
		}
	}
}

func plans(rows *sql.Rows) (details []string, err error) {
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			return nil, err
		}
		details = append(details, detail)
	}
	return details, rows.Err()
}

// A page of a million decisions takes no longer than one of few.
func TestMillion(t *testing.T) {
	t.Parallel()
	d := testDirs(t)
	million(t, d)
	r, err := OpenDecisionReader(t.Context(), d, "many")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for name, f := range readers() {
		best, found := time.Hour, []Decision(nil)
		for range 5 {
			start := time.Now()
			if found, err = r.Decisions(t.Context(), f); err != nil {
				t.Fatal(name, err)
			}
			best = min(best, time.Since(start))
		}
		if want := map[string]int{"list_denials kind": 1}[name]; len(found) != max(want, 1) && len(found) != f.Limit {
			t.Errorf("%s: found %d", name, len(found))
		}
		t.Logf("%s: %v for %d", name, best, len(found))
		if best > detector*50*time.Millisecond {
			t.Errorf("%s: %v, want under 50 ms", name, best)
		}
	}
}

// million makes a file of a million small decisions, one a millisecond, each
// tenth a denial, one of those of a rare kind, and half of the others as earlier schemas kept them.
func million(t *testing.T, d Dirs) {
	t.Helper()
	const fast = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -100000;"
	_, err := testFile(t, d).pool.Exec(fast + `
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)
INSERT INTO decisions SELECT i, 1800000000000000000 + i * 1000000, 1800000000000000000 + i * 1000000, 1, 1, '/usr/bin/curl', 7, NULL,
	'example.com', 443, 'l7', 'rest', 'GET', '/', iif(i % 10 = 0, 'deny', 'allow'), 'block', iif(i = 10, 'rare', iif(i % 10 = 0, 'common', '')),
	'', '', '', 200, 0, 0, 0, '', '' FROM n WHERE i % 10 = 0 OR i % 2 = 0;
INSERT INTO parties VALUES (1, 1, '/usr/bin/curl', NULL, '', 'example.com', 443, 'l7', 'rest', 'GET', 'block', '');
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 2 FROM n WHERE i < 999999)
INSERT INTO allowed SELECT i, 1800000000000000000 + i * 1000000, 1, 7, '/', '', 200, 0, 0, 0 FROM n;
PRAGMA journal_mode = WAL`)
	if err != nil {
		t.Fatal(err)
	}
}

// testFile is the first file of the decisions of "many".
func testFile(t *testing.T, d Dirs) *database {
	t.Helper()
	held, err := tryLock(decisionsLock(d, "many")) // its mode is the file's
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	db, err := decisionsSource(d, "many", 1).create(t.Context(), decisionsLock(d, "many"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.close() })
	return db
}

func testDirs(t *testing.T) Dirs {
	t.Helper()
	base := t.TempDir()
	d := Dirs{State: filepath.Join(base, "state"), Config: filepath.Join(base, "config"), Runtime: filepath.Join(base, "run")}
	if err := Prepare(d); err != nil {
		t.Fatal(err)
	}
	return d
}
