package supervisor

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"exeat/store"
)

func denial() store.Decision {
	return store.Decision{
		ID: 7, Time: time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC), Revision: 2, Exe: "/usr/bin/curl", PID: 1 << 30,
		Ancestors: []string{"/usr/bin/bash", "/usr/bin/node"}, Host: "api.github.com", Port: 443, Layer: "l7", Protocol: "rest",
		Method: "PUT", Target: "/repos/acme/widgets/contents/hello_world.py", Verdict: "deny", Policy: "github_rest_api",
		Reason: "PUT /repos/acme/widgets/contents/hello_world.py not permitted by policy",
	}
}

// The fields and their order are the tutorial's.
func TestDenialText(t *testing.T) {
	want := `time:           2026-01-02T03:04:05.006Z
l7_action:      PUT
l7_target:      /repos/acme/widgets/contents/hello_world.py
l7_decision:    deny
dst_host:       api.github.com
dst_port:       443
l7_protocol:    rest
policy:         github_rest_api
l7_deny_reason: PUT /repos/acme/widgets/contents/hello_world.py not permitted by policy
binary:         /usr/bin/curl
pid:            -
ancestors:      /usr/bin/bash < /usr/bin/node
revision:       2
id:             7

`
	if diff := cmp.Diff(denialText(denial(), insidePID(1<<30)), want); diff != "" {
		t.Error(diff)
	}
}

// The file stays one inode, because it is mounted, and stays small.
func TestDenialsFileIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "denials.log")
	f, err := openDenials(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	before, _ := os.Stat(path)
	d := denial()
	d.Target = "/" + strings.Repeat("x", 1000)
	for d.ID = 1; d.ID <= 3000; d.ID++ {
		if err := f.append(d); err != nil {
			t.Fatal(err)
		}
	}
	after, _ := os.Stat(path)
	if !os.SameFile(before, after) || after.Size() > denialsMax || after.Mode().Perm() != 0o644 {
		t.Errorf("got %d bytes, mode %v, same file %v", after.Size(), after.Mode(), os.SameFile(before, after))
	}
	data, _ := os.ReadFile(path)
	if !bytes.HasPrefix(data, []byte("time: ")) || !bytes.HasSuffix(data, []byte("id:             3000\n\n")) {
		t.Error("the file does not hold whole records up to the last")
	}
}
