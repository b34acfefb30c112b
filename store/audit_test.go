package store_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exeat/store"
)

func audited(t *testing.T) (*store.Store, store.Dirs, []store.AuditEntry) {
	t.Helper()
	d := dirs(t)
	st := open(t, d)
	var entries []store.AuditEntry
	for i := range 5 {
		e, err := st.AppendAudit(t.Context(), store.AuditEntry{Time: instant(i), Actor: "me", Action: "approve", Subject: fmt.Sprint("proposal ", i), Detail: []byte("{}")})
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, e)
	}
	return st, d, entries
}

func TestAudit(t *testing.T) {
	st, _, want := audited(t)
	if n, err := st.VerifyAudit(t.Context()); n != 5 || err != nil {
		t.Errorf("got %d, %v, want 5", n, err)
	}
	if n, hash, err := st.AuditHead(t.Context()); n != 5 || hash != want[4].Hash || err != nil {
		t.Errorf("head: got %d %s, %v", n, hash, err)
	}
	if got, err := st.Audit(t.Context(), 2, 2); err != nil || !cmp.Equal(got, want[2:4]) {
		t.Error(err, cmp.Diff(got, want[2:4]))
	}
	if n, hash, err := open(t, dirs(t)).AuditHead(t.Context()); n != 0 || hash != "" || err != nil {
		t.Errorf("empty head: got %d %q, %v", n, hash, err)
	}
}

// Whatever is done to the log behind our back, the first entry that suffered is named.
func TestAuditTampering(t *testing.T) {
	for _, test := range []struct {
		name, sql, want string
	}{
		{"subject", `UPDATE audit SET subject = 'x' WHERE n = 3`, "audit entry 3 was changed after it was written"},
		{"detail", `UPDATE audit SET detail = NULL WHERE n = 3`, "audit entry 3 was changed after it was written"},
		{"time", `UPDATE audit SET at = at + 1 WHERE n = 1`, "audit entry 1 was changed after it was written"},
		{"letters moved between fields", `UPDATE audit SET actor = 'm', action = 'eapprove' WHERE n = 2`, "audit entry 2 was changed after it was written"},
		{"entry taken out", `DELETE FROM audit WHERE n = 2`, "audit entry 2 is missing"},
		{"entry taken out, rest moved up", `DELETE FROM audit WHERE n = 2; UPDATE audit SET n = n - 1 WHERE n > 2`, "audit entry 2 was changed after it was written"},
		{"head cut off", `DELETE FROM audit WHERE n < 3`, "audit entry 1 is missing"},
		{"two exchanged", `UPDATE audit SET n = 9 WHERE n = 3; UPDATE audit SET n = 3 WHERE n = 4; UPDATE audit SET n = 4 WHERE n = 9`, "audit entry 3 was changed after it was written"},
		{"hash replaced", `UPDATE audit SET hash = prev WHERE n = 4`, "audit entry 4 was changed after it was written"},
	} {
		st, d, _ := audited(t)
		db := raw(t, filepath.Join(d.State, "exeat.db"))
		if _, err := db.Exec(test.sql); err == nil {
			t.Errorf("%s: the log let itself be changed", test.name)
		}
		if _, err := db.Exec(`DROP TRIGGER audit_keep; DROP TRIGGER audit_fixed; ` + test.sql); err != nil {
			t.Fatal(err)
		}
		n, err := st.VerifyAudit(t.Context())
		var broken *store.AuditError
		if !errors.As(err, &broken) || err.Error() != test.want || n != broken.N-1 {
			t.Errorf("%s: got %d good, %v; want %s", test.name, n, err, test.want)
		}
	}
}
