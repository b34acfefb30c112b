package confine_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"exeat/sandbox/confine"
)

// terminal starts a shell script on a terminal of 30 by 100.
func terminal(t *testing.T, b *confine.Box, script string) *confine.Process {
	t.Helper()
	p, err := b.Exec(confine.ExecSpec{Argv: []string{"sh", "-c", script}, Env: environment(), TTY: true, Rows: 30, Cols: 100})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// expect reads from the terminal until it has printed want, and returns it all.
func expect(t *testing.T, p *confine.Process, want string) string {
	t.Helper()
	p.Terminal.SetReadDeadline(time.Now().Add(10 * time.Second))
	var all bytes.Buffer
	buf := make([]byte, 4096)
	for !strings.Contains(all.String(), want) {
		n, err := p.Terminal.Read(buf)
		all.Write(buf[:n])
		if err != nil {
			t.Fatalf("got %q, then %v, want %q", all.String(), err, want)
		}
	}
	return all.String()
}

func TestTerminal(t *testing.T) {
	b := start(t, basic(t))
	p := terminal(t, b, "tty; stty size; trap 'stty size' WINCH; echo ready; while read x; do echo got $x; done; exit 5")
	out := expect(t, p, "ready")
	if !strings.Contains(out, "/dev/pts/0\r\n30 100\r\n") {
		t.Errorf("got %q", out)
	}
	p.Terminal.WriteString("hello\n")
	expect(t, p, "got hello")
	if err := p.Resize(40, 120); err != nil {
		t.Fatal(err)
	}
	expect(t, p, "40 120")
	p.Terminal.WriteString("\x04") // end of file
	if got, want := p.Wait(), 5; got != want {
		t.Errorf("status %d, want %d", got, want)
	}
}

// ^C reaches the foreground program and not init.
func TestInterrupt(t *testing.T) {
	b := start(t, basic(t))
	p := terminal(t, b, "trap 'echo interrupted; exit 9' INT; echo ready; while :; do sleep 0.01; done")
	expect(t, p, "ready")
	p.Terminal.WriteString("\x03")
	expect(t, p, "interrupted")
	if got, want := p.Wait(), 9; got != want {
		t.Errorf("status %d, want %d", got, want)
	}
	q := terminal(t, b, "tty; echo done")
	expect(t, q, "done")
}

// A client that vanishes takes its session along.
func TestHangup(t *testing.T) {
	b := start(t, basic(t))
	p := terminal(t, b, "echo ready; sleep 1000")
	expect(t, p, "ready")
	p.Close()
	if got, want := p.Wait(), 128+1; got != want {
		t.Errorf("status %d, want %d", got, want)
	}
}
