package confine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What a program wants to be run by, as its first bytes say.
func TestInterpreter(t *testing.T) {
	shell, err := filepath.EvalSymlinks("/bin/sh")
	if err != nil {
		t.Fatal(err)
	}
	if got := interpreter(shell); !strings.HasPrefix(got, "/lib") || !strings.Contains(got, "ld-") {
		t.Errorf("%s: got %q, want its loader", shell, got)
	}
	for head, want := range map[string]string{
		"#!/opt/x/python -s\n": "/opt/x/python", "#! /bin/sh": "/bin/sh", "#!\n": noName, "#!": noName, "": noName, "text": noName,
		"#!" + strings.Repeat("x", 300): strings.Repeat("x", 254), "\x7fELF\x02\x01": noName,
	} {
		if got := named([]byte(head)); got != want {
			t.Errorf("%.20q: got %q, want %q", head, got, want)
		}
	}
}

// FuzzLoader: a program's headers are the sandbox's to write; they name some of
// the file's own bytes or nothing.
func FuzzLoader(f *testing.F) {
	if head, err := os.ReadFile("/bin/sh"); err == nil {
		f.Add(head[:min(len(head), 4096)])
	}
	f.Add([]byte("\x7fELF\x02\x01"))
	f.Fuzz(func(t *testing.T, head []byte) {
		if got := loader(head); got != noName && !strings.Contains(string(head), got) {
			t.Errorf("got %q", got)
		}
	})
}
