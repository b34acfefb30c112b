package sandbox

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"exeat/sandbox/early"
)

// A supervisor that dies before it is ready is reported with how and why.
func TestDied(t *testing.T) {
	tests := []struct {
		script string
		cause  error
		want   string
	}{
		{"echo one; echo two; exit 3", io.EOF, `the supervisor of sandbox "box" ended (exit status 3) while starting: two`},
		{"printf 'noise\npanic: boom\ngoroutine 1\n'; exit 2", io.EOF, `the supervisor of sandbox "box" ended (exit status 2) while starting: panic: boom`},
		{"kill -9 $$", io.EOF, `the supervisor of sandbox "box" ended (signal: killed) while starting`},
		{"echo stuck; exec sleep 300", os.ErrDeadlineExceeded, `the supervisor of sandbox "box" took too long while starting: stuck`},
	}
	for _, tt := range tests {
		log, err := os.OpenFile(filepath.Join(t.TempDir(), "log"), os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		c := exec.Command("sh", "-c", tt.script)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		first := make([]byte, 64)
		n, _ := out.Read(first) // the program has spoken, or ended
		log.Write(first[:n])
		rest := make(chan struct{})
		go func() { io.Copy(log, out); close(rest) }()
		if !strings.Contains(tt.script, "sleep") {
			<-rest
		}
		if got := (&Spare{&early.Supervisor{Process: c.Process, Log: log}}).died(context.Background(), "box", log, tt.cause); got.Error() != tt.want {
			t.Errorf("got  %q\nwant %q", got, tt.want)
		}
		<-rest
		log.Close()
	}
}

func TestCheckName(t *testing.T) {
	for name, want := range map[string]bool{
		"a": true, "demo": true, "my-box-2": true, "0": true, strings.Repeat("x", 63): true,
		"": false, "-a": false, "a-": false, "A": false, "a_b": false, "a.b": false, "../x": false, "a b": false, strings.Repeat("x", 64): false, "é": false,
	} {
		if got := CheckName(name) == nil; got != want {
			t.Errorf("%q: got %v, want %v", name, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"demo", "demo", 0}, {"demo", "dmeo", 2}, {"demo", "demos", 1}, {"kitten", "sitting", 3}} {
		if got := distance(tt.a, tt.b); got != tt.want {
			t.Errorf("%q %q: got %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}
