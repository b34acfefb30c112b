package proxy_test

import (
	"bytes"
	"log/slog"
	"math"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"exeat/proxy"
)

// Two thirds of the descriptors are for connections, and 5,000 tunnels fit where 16,384 are allowed.
func TestMaxConnections(t *testing.T) {
	for allowed, want := range map[uint64]int{256: 85, 1024: 341, 16_384: 5461, 20_000: 6666, 1 << 20: 8192, math.MaxUint64: 8192} {
		if got := proxy.MaxConnections(allowed); got != want {
			t.Errorf("with %d descriptors %d connections, want %d", allowed, got, want)
		}
	}
}

// When the process has no descriptor left, its doors wait and then go on, and say so once. That needs a
// process of its own.
func TestDescriptorsRunOut(t *testing.T) {
	const inside = "PROXY_TEST_FEW_DESCRIPTORS"
	if os.Getenv(inside) != "" {
		runOut(t)
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestDescriptorsRunOut$", "-test.v")
	cmd.Env = append(os.Environ(), inside+"=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func runOut(t *testing.T) {
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 128, Max: 128}); err != nil {
		t.Fatal(err)
	}
	said := &lockedBuffer{}
	w := newWorld(t, basePolicy, func(c *proxy.Config) { c.Logger = slog.New(slog.NewTextHandler(said, nil)) })
	w.tcp("raw.example", 7000, echoes)
	door := w.transparent("raw.example", 7000)
	before := w.dialled(net.Dial("tcp", door))
	w.echoes(before)
	hoard := hoardDescriptors(t)
	hoard[0].Close()
	waiting, err := net.Dial("tcp", door) // takes the one that is left, so that the door has none
	if err != nil {
		t.Fatal(err)
	}
	defer waiting.Close()
	_ = waiting.SetDeadline(time.Now().Add(10 * time.Second))
	await(t, "said", func() bool { return strings.Contains(said.String(), "cannot be accepted") })
	time.Sleep(200 * time.Millisecond) // some more attempts
	w.echoes(before)
	for _, f := range hoard[1:] {
		f.Close()
	}
	w.echoes(waiting)
	if n := strings.Count(said.String(), "\n"); n != 1 {
		t.Errorf("said %d times:\n%s", n, said)
	}
}

// hoardDescriptors opens files until no more can be.
func hoardDescriptors(t *testing.T) (files []*os.File) {
	t.Helper()
	for {
		f, err := os.Open("/dev/null")
		if err != nil {
			return files
		}
		files = append(files, f)
	}
}

// lockedBuffer is a log that can be read while it is written.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
