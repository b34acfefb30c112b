package supervisor

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"exeat/policy"
	"exeat/sandbox/confine"
	"exeat/store"
)

// A symlink is followed unless a program of the sandbox could have made it.
func TestFollow(t *testing.T) {
	base, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	mkdirs(t, base+"/v1/data", base+"/work/sub")
	for link, target := range map[string]string{
		"current": "v1", "absolute": base + "/v1", "chain": "current/data/../data", "loop": "loop", "gone": "nowhere",
		"work/out": "../v1", "up": "v1/../../../../../../../../.." + base + "/v1",
	} {
		if err := os.Symlink(target, filepath.Join(base, link)); err != nil {
			t.Fatal(err)
		}
	}
	safe := newRefusals(nil, "")
	for name, want := range map[string]string{
		"v1/data": "v1/data", "current/data": "v1/data", "absolute": "v1", "chain": "v1/data", "work/out/data": "v1/data", "up/data": "v1/data", "v1//data/": "v1/data",
	} {
		if got, err := safe.follow(base + "/" + name); err != nil || got != base+"/"+want {
			t.Errorf("%s: got %s, %v", name, got, err)
		}
	}
	for name, want := range map[string]error{"loop": unix.ELOOP, "gone": os.ErrNotExist, "current/none": os.ErrNotExist, "v1/data/none/x": os.ErrNotExist} {
		if got, err := safe.follow(base + "/" + name); !errors.Is(err, want) {
			t.Errorf("%s: got %s, %v", name, got, err)
		}
	}
	ours, below := safe, safe
	ours.uid, below.writable = os.Geteuid(), []string{base + "/work"}
	for _, tt := range []struct {
		r       refusals
		name    string
		refused bool
	}{{ours, "current/data", true}, {ours, "v1/data", false}, {below, "work/out", true}, {below, "current/data", false}, {below, "work/sub", false}} {
		_, err := tt.r.follow(base + "/" + tt.name)
		if refused := err != nil && strings.Contains(err.Error(), "could turn to any place"); refused != tt.refused {
			t.Errorf("%s: got %v, want it refused: %t", tt.name, err, tt.refused)
		}
	}
}

// Of paths below each other the innermost line holds.
func TestViewNesting(t *testing.T) {
	base, err := os.MkdirTemp("/var/tmp", "exeat-view-") // what is below /tmp is the sandbox's own
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(base)
	mkdirs(t, base+"/a/b/c/d/e", base+"/w/x/y")
	fs := policy.Filesystem{IncludeWorkdir: true, ReadOnly: []string{base + "/a", base + "/a/b/c", base + "/a/b/c/d/e", base + "/w/x"}, ReadWrite: []string{base + "/a/b", base + "/a/b/c/d"}}
	v := &view{refuse: newRefusals(nil, "")}
	spec := store.Spec{Workdir: base + "/w", HostUID: os.Geteuid()}
	v.expectWritable(fs, spec)
	v.addBaseline(fs)
	if err := v.addPolicy(fs); err != nil {
		t.Fatal(err)
	}
	if err := v.addWorkdir(fs, spec.Workdir); err != nil {
		t.Fatal(err)
	}
	for name, readOnly := range map[string]bool{"a/1": true, "a/b/1": false, "a/b/c/1": true, "a/b/c/d/1": false, "a/b/c/d/e/1": true, "w/1": false, "w/x/1": true, "w/x/y/1": true} {
		innermost := confine.Mount{}
		for _, m := range v.mounts {
			if within(base+"/"+name, m.Target) && len(m.Target) >= len(innermost.Target) {
				innermost = m
			}
		}
		if innermost.Target == "" || innermost.ReadOnly != readOnly {
			t.Errorf("%s: got %+v, want read-only %t", name, innermost, readOnly)
		}
	}
}
