package store_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exeat/store"
)

// A database that cannot be used is named with its trouble and a way out, and
// stays as it was, byte for byte.
func TestOpenRefuses(t *testing.T) {
	for _, test := range []struct {
		name          string
		spoil         func(t *testing.T, file string)
		problem, hint string
	}{
		{"not SQLite", write("this is no database, but long enough to have a header of one hundred bytes, which SQLite reads first"), "is damaged", "mkdir -p "},
		{"first page lost", scribble(16, 84), "is damaged", "mkdir -p "},
		{"schema lost", scribble(100, 4000), "is damaged", "mkdir -p "},
		{"too new", execute("PRAGMA user_version = 7"), "was written by a newer exeat (schema 7, this one knows up to 2)", "use the newer exeat"},
		{"another program's", execute("PRAGMA application_id = 7"), "is not a database of exeat", "mkdir -p "},
		{"another program's, unmarked", execute("PRAGMA application_id = 0; PRAGMA user_version = 0"), "is not a database of exeat", "mkdir -p "},
		{"another journal mode and too new", execute("PRAGMA user_version = 7; PRAGMA journal_mode = DELETE"), "was written by a newer exeat", "use the newer exeat"},
	} {
		d := dirs(t)
		st := open(t, d)
		create(t, st)
		st.Close()
		file := filepath.Join(d.State, "exeat.db")
		test.spoil(t, file)
		before := sum(t, file)
		_, err := store.Open(t.Context(), d)
		var problem *store.DatabaseError
		if !errors.As(err, &problem) || problem.Path != file || !strings.Contains(err.Error(), test.problem) || !strings.HasPrefix(problem.Hint(), test.hint) {
			t.Errorf("%s: got %v (%T), want %q with hint %q", test.name, err, err, test.problem, test.hint)
		}
		if sum(t, file) != before {
			t.Errorf("%s: the file was changed", test.name)
		}
	}
}

func sum(t *testing.T, file string) [sha256.Size]byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(data)
}

func write(text string) func(*testing.T, string) {
	return func(t *testing.T, file string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func scribble(offset, length int) func(*testing.T, string) {
	return func(t *testing.T, file string) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i := range length {
			data[offset+i] = 0xa5
		}
		write(string(data))(t, file)
	}
}

func execute(sql string) func(*testing.T, string) {
	return func(t *testing.T, file string) {
		db := raw(t, file)
		if _, err := db.Exec(sql); err != nil {
			t.Fatal(err)
		}
		db.Close()
	}
}

// The files are nobody else's, whatever the umask was.
func TestFileModes(t *testing.T) {
	d := dirs(t)
	create(t, open(t, d))
	if _, err := openLog(t, d, store.Bounds{}).Record(t.Context(), denial()); err != nil {
		t.Fatal(err)
	}
	files := 0
	err := filepath.WalkDir(d.State, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Mode() != 0o600 {
			t.Errorf("%s: got mode %v, want -rw-------", path, info.Mode())
		}
		files++
		return err
	})
	if err != nil || files < 8 { // two databases, each with -wal, -shm and a lock
		t.Errorf("looked at %d files; %v", files, err)
	}
}

// Databases of every released schema still open, with what was in them. Each is
// a dump in testdata; a new schema adds a pair and changes none.
func TestOldDatabases(t *testing.T) {
	d := dirs(t)
	restore(t, "testdata/v1.sql", filepath.Join(d.State, "exeat.db"))
	restore(t, "testdata/v1-decisions.sql", filepath.Join(d.State, "decisions-"+box+"-1.db"))
	st := open(t, d)
	want := fullSandbox()
	if got, err := st.SandboxByName(t.Context(), "demo"); err != nil || !cmp.Equal(got, want) {
		t.Error(err, cmp.Diff(got, want))
	}
	if r, err := st.LatestRevision(t.Context(), box); err != nil || r.Number != 2 || string(r.Statement) != `{"sequence":2}` {
		t.Errorf("got %+v, %v", r, err)
	}
	if p, err := st.Proposal(t.Context(), 1); err != nil || p.Status != "applied" || p.Revision != 2 || fmt.Sprint(p.DenialIDs) != "[2]" {
		t.Errorf("got %+v, %v", p, err)
	}
	if p, err := st.Provider(t.Context(), "my-github"); err != nil || len(p.Hosts) != 2 || p.Keyring || p.Source.Kind != "" {
		t.Errorf("got %+v, %v", p, err)
	}
	if n, err := st.VerifyAudit(t.Context()); err != nil || n != 2 {
		t.Errorf("got %d audit entries, %v", n, err)
	}
	page, err := openReader(t, d).Decisions(t.Context(), store.DecisionFilter{})
	if err != nil || len(page) != 2 {
		t.Fatalf("got %d decisions, %v", len(page), err)
	}
	denied := denial()
	denied.ID, denied.Last, denied.Count = 2, instant(3), 4
	if diff := cmp.Diff(page[1], denied); diff != "" {
		t.Error(diff)
	}
	if id, err := openLog(t, d, store.Bounds{}).Record(t.Context(), denial()); err != nil || id != 3 {
		t.Errorf("next id: got %d, %v, want 3", id, err)
	}
}

func TestOldState(t *testing.T) {
	d := dirs(t)
	restore(t, "testdata/v2.sql", filepath.Join(d.State, "exeat.db"))
	st := open(t, d)
	if p, err := st.Provider(t.Context(), "my-github"); err != nil || !p.Keyring || fmt.Sprint(p.Source.Command) != "[gh auth token]" {
		t.Errorf("got %+v, %v", p, err)
	}
	r, err := st.LatestRevision(t.Context(), box)
	if err != nil || len(r.Providers) != 1 || r.Providers[0].Type != "github" {
		t.Errorf("got %+v, %v", r, err)
	}
	if lent, err := st.Lent(t.Context(), fullSandbox(), r); err != nil || len(lent) != 0 {
		t.Errorf("got %+v, %v, want the provider detached", lent, err)
	}
}

// What an earlier schema had no column for is read as empty, beside files that have it.
func TestOldDecisions(t *testing.T) {
	for version, tainted := range map[string]string{"v1": "", "v2": "/sandbox/evil.so", "v3": "/sandbox/evil.so", "v4": "/sandbox/evil.so", "v5": "/sandbox/evil.so"} {
		d := dirs(t)
		create(t, open(t, d))
		restore(t, "testdata/"+version+"-decisions.sql", filepath.Join(d.State, "decisions-"+box+"-1.db"))
		denied := denial()
		denied.ID, denied.Last, denied.Count, denied.Tainted = 2, instant(3), 4, tainted
		r := openReader(t, d)
		if got := page(t, r, store.DecisionFilter{}); len(got) != 2 || got[0].Tainted != "" || !cmp.Equal(got[1], denied) {
			t.Errorf("%s: got %+v, want the second %+v", version, got, denied)
		}
		for code, want := range map[string][]int64{"policy_denied": {2}, "other": {}} {
			if got := ids(page(t, r, store.DecisionFilter{Denied: true, Code: code})); !cmp.Equal(got, want) {
				t.Errorf("%s, code %s: got %v, want %v", version, code, got, want)
			}
		}
	}
}

// A reader that has a file of the first schema open sees what its writer, which brings it to the newest, adds.
func TestReaderFollowsSchema(t *testing.T) {
	d := dirs(t)
	restore(t, "testdata/v1-decisions.sql", filepath.Join(d.State, "decisions-"+box+"-1.db"))
	create(t, open(t, d))
	reader := openReader(t, d)
	if page, err := reader.Decisions(t.Context(), store.DecisionFilter{}); err != nil || len(page) != 2 || page[1].Tainted != "" {
		t.Fatalf("got %+v, %v", page, err)
	}
	tainted := denial()
	tainted.Tainted = "/tmp/a\nb.so"
	id, err := openLog(t, d, store.Bounds{}).Record(t.Context(), tainted)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := reader.Decision(t.Context(), id); err != nil || got.Tainted != `/tmp/a\x0ab.so` {
		t.Errorf("got %q, %v", got.Tainted, err)
	}
}

func restore(t *testing.T, dump, file string) {
	t.Helper()
	text, err := os.ReadFile(dump)
	if err != nil {
		t.Fatal(err)
	}
	execute(string(text))(t, file)
	chmod(0o600)(t, file)
}
