package store_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"exeat/store"
)

// mixed are decisions of every kind that the two tables divide between them, some of parties that come back.
func mixed() []store.Decision {
	var list []store.Decision
	for i := range 200 {
		d := allowed()
		d.Time = d.Time.Add(time.Duration(i) * time.Second)
		d.Target, d.PID, d.Status, d.BytesIn, d.BytesOut, d.Duration = fmt.Sprint("/", i), i, 200+i, int64(i), int64(2*i), time.Duration(3*i)
		switch i % 7 {
		case 1:
			d.Verdict, d.Code, d.Reason = store.VerdictDeny, "policy_denied", "not permitted"
		case 2:
			d.Exe, d.Ancestors, d.Tainted = "/usr/bin/git", nil, "/sandbox/x.so"
		case 3:
			d.Host, d.Port, d.Policy, d.Credential, d.Reason = "npm.example", 8443, "npm", "my-npm", "query { viewer }"
		case 4:
			d.Verdict, d.Reason = "audit", "only audited"
		case 5:
			d.Revision, d.Layer, d.Protocol, d.Method, d.Target = 2, "l4", "tcp", "", ""
		case 6:
			d.Code = "of_an_allowed_one"
		}
		list = append(list, d)
	}
	return list
}

// TestTables: in which table a decision lies shows nowhere.
func TestTables(t *testing.T) {
	d := dirs(t)
	create(t, open(t, d))
	l, want := openLog(t, d, store.Bounds{}), mixed()
	for i := range want {
		id, err := l.Enqueue(want[i])
		if err != nil {
			t.Fatal(err)
		}
		want[i].ID, want[i].Last, want[i].Count = id, want[i].Time, 1
	}
	l.Close()
	r := openReader(t, d)
	for name, f := range map[string]store.DecisionFilter{
		"all": {}, "newest": {Limit: 9}, "after": {AfterID: 50, Limit: 30}, "before": {BeforeID: 50, Limit: 30}, "oldest": {Oldest: true, Limit: 30},
		"since": {Since: want[77].Time}, "host": {Host: "npm.example"}, "block": {Policy: "npm", Limit: 5}, "denied": {Denied: true},
		"code": {Code: "of_an_allowed_one"}, "denied code": {Denied: true, Code: "policy_denied"},
	} {
		if diff := gocmp.Diff(choose(want, f), page(t, r, f)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for _, d := range want {
		if got, err := r.Decision(t.Context(), d.ID); err != nil || !gocmp.Equal(got, d) {
			t.Errorf("got %+v, %v, want %+v", got, err, d)
		}
	}
}

// choose is a filter as its fields describe it.
func choose(list []store.Decision, f store.DecisionFilter) []store.Decision {
	list = slices.DeleteFunc(slices.Clone(list), func(d store.Decision) bool {
		return f.Denied && d.Verdict != store.VerdictDeny || d.Time.Before(f.Since) || d.ID <= f.AfterID || f.BeforeID > 0 && d.ID >= f.BeforeID ||
			f.Host != "" && d.Host != f.Host || f.Policy != "" && d.Policy != f.Policy || f.Code != "" && d.Code != f.Code
	})
	n := min(cmp.Or(f.Limit, 1000), len(list))
	if f.AfterID > 0 || f.Oldest {
		return list[:n]
	}
	return list[len(list)-n:]
}

// TestLateEndings: what is known of an answer after its decision was committed reaches it in either table.
func TestLateEndings(t *testing.T) {
	d := dirs(t)
	create(t, open(t, d))
	l := openLog(t, d, store.Bounds{})
	audited := allowed()
	audited.Verdict = "audit"
	for _, row := range []store.Decision{allowed(), audited} {
		id := record(t, l, row)
		l.Complete(id, store.Ending{Status: 418, BytesIn: 5, BytesOut: 6, Duration: 7})
	}
	l.Close()
	for _, got := range page(t, openReader(t, d), store.DecisionFilter{}) {
		if got.Status != 418 || got.BytesIn != 5 || got.BytesOut != 6 || got.Duration != 7 {
			t.Errorf("got %+v", got)
		}
	}
}

// TestFailed: why what was allowed failed is kept, however late it is known and in whichever table the decision was, and
// changes nothing else of it.
func TestFailed(t *testing.T) {
	d := dirs(t)
	create(t, open(t, d))
	l := openLog(t, d, store.Bounds{})
	end := store.Ending{Status: 502, BytesOut: 6, Duration: 7, Failed: "upstream_tls"}
	audited := allowed()
	audited.Verdict, audited.Code, audited.Reason = "audit", "policy_denied", "only audited"
	var want []store.Decision
	for _, row := range []store.Decision{allowed(), audited} {
		for _, take := range []func(store.Decision) (int64, error){
			l.Enqueue, // and is not written yet when it ends
			func(row store.Decision) (int64, error) { return l.Record(t.Context(), row) },
		} {
			id, err := take(row)
			if err != nil {
				t.Fatal(err)
			}
			l.Complete(id, end)
			row.ID, row.Last, row.Count, row.Ending = id, row.Time, 1, end
			want = append(want, row)
		}
	}
	l.Close()
	r := openReader(t, d)
	if diff := gocmp.Diff(want, page(t, r, store.DecisionFilter{})); diff != "" {
		t.Error(diff)
	}
	for _, row := range want {
		if got, err := r.Decision(t.Context(), row.ID); err != nil || !gocmp.Equal(got, row) {
			t.Errorf("got %+v, %v", got, err)
		}
	}
	if got := record(t, openLog(t, d, store.Bounds{}), allowed()); got != int64(len(want)+1) {
		t.Errorf("the next id is %d", got)
	}
}
