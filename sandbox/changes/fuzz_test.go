package changes

import (
	"bytes"
	"strings"
	"testing"

	"exeat/sandbox/repo"
)

// FuzzListing holds that nothing a sandbox says becomes an argument, an object or a
// branch that is none, and that what is refused can be shown.
func FuzzListing(f *testing.F) {
	oid := strings.Repeat("a", 40)
	f.Add(oid + " " + oid + "\n" + oid + " refs/heads/main\n")
	f.Add(oid + " \n" + oid + " refs/heads/../x\n--upload-pack=x\n\x1b[2J\n")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := parseListing(text)
		if err != nil {
			return
		}
		if !repo.IsObject(l.snapshot) || l.head != "" && !repo.IsObject(l.head) {
			t.Errorf("objects %q %q", l.snapshot, l.head)
		}
		for _, r := range l.branches {
			if !repo.IsObject(r.Object) || !repo.ValidBranch(strings.TrimPrefix(r.Name, "refs/heads/")) {
				t.Errorf("branch %+v", r)
			}
		}
		for _, name := range l.refused {
			if repo.Visible(name) != name {
				t.Errorf("refused %q", name)
			}
		}
	})
}

// FuzzSplit holds that a patch is passed on byte by byte, in order, and never
// attributed to a file that is not there.
func FuzzSplit(f *testing.F) {
	f.Add([]byte("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1,2 @@\n-a\n+diff --git a/y b/y\n+b\n"), 1)
	f.Add([]byte("diff --git a/x b/x\ndiff --git a/y b/y\n@@ -0,0 +9999999999999999999 @@\n"), 2)
	f.Fuzz(func(t *testing.T, patch []byte, n int) {
		var owned []int
		for i := range min(max(n, 0), 100) {
			owned = append(owned, i)
		}
		var got []byte
		last := 0
		err := split(bytes.NewReader(patch), owned, func(l Line) error {
			if l.Entry < last || l.Entry >= len(owned) {
				t.Errorf("entry %d after %d", l.Entry, last)
			}
			last, got = l.Entry, append(got, l.Text...)
			return nil
		})
		if err == nil && !bytes.Equal(got, patch) || !bytes.HasPrefix(patch, got) {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

// FuzzRaw holds that every entry has a path and a status, whatever git's output is.
func FuzzRaw(f *testing.F) {
	f.Add(":100644 100755 a b M\x00file\x00:000000 120000 a b A\x00new\nline\x00")
	f.Fuzz(func(t *testing.T, text string) {
		entries, err := parseRaw(text)
		for _, e := range entries {
			if err == nil && len(e.Status) != 1 {
				t.Errorf("%+v", e)
			}
		}
		parseCounts(text)
	})
}
