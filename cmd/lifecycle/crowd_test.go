package lifecycle_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// A hundred sandboxes at once: each runs programs and reaches its host.
func TestManyAtOnce(t *testing.T) {
	u, n := newUser(t), times(100, 8)
	before := u.look()
	began := time.Now()
	each(n, 4, func(i int) { u.create(name(i), nil) })
	created := time.Since(began)
	list := u.exeat("sandbox", "list")
	if got := strings.Count(list, " running "); got != n {
		t.Errorf("%d of %d run:\n%s", got, n, list)
	}
	began = time.Now()
	each(n, 4, func(i int) {
		if out := u.exeat("sandbox", "exec", name(i), "--", "sh", "-c", "hostname; "+fetch); out != name(i)+"\nread\n" {
			t.Errorf("%s: got %q", name(i), out)
		}
	})
	answered := time.Since(began)
	rss := u.resident(n)
	began = time.Now()
	each(n, 4, func(i int) { u.exeat("sandbox", "delete", name(i)) })
	fmt.Printf("uid %d: %d sandboxes at once: created in %s (%.0f ms each), exec and request in %s (%.0f ms each), deleted in %s; supervisor and init %.1f MB resident each, %.1f MB their share (0 unless root)\n",
		os.Getuid(), n, created.Round(time.Millisecond), perMS(created, n), answered.Round(time.Millisecond), perMS(answered, n), time.Since(began).Round(time.Millisecond), rss[0], rss[1])
	u.forgetDatabase(&before)
	u.leftNothing(before)
}

func name(i int) string { return "box-" + strconv.Itoa(i) }

func perMS(d time.Duration, n int) float64 { return float64(d.Microseconds()) / 1000 / float64(n) }

// resident is what the two processes of a sandbox have in memory on average, in
// MB: everything, and with what they share counted once.
func (u *user) resident(n int) [2]float64 {
	u.t.Helper()
	var pids []int
	for i := range n {
		var row struct {
			Live struct {
				PID     int `json:"pid"`
				InitPID int `json:"init_pid"`
			} `json:"live"`
		}
		must(u.t, json.Unmarshal([]byte(u.exeat("sandbox", "get", name(i), "--json")), &row))
		pids = append(pids, row.Live.PID, row.Live.InitPID)
	}
	rss, pss := memory(pids)
	return [2]float64{float64(rss) / 1024 / float64(n), float64(pss) / 1024 / float64(n)}
}

// forgetDatabase takes the files of the state, which stay, as they are now.
func (u *user) forgetDatabase(m *machine) {
	for _, path := range tree(u.state()) {
		if !strings.Contains(path, "/sandboxes/") && !strings.Contains(path, "decisions-") {
			m.files = append(m.files, path)
		}
	}
	m.files = append(m.files, u.state()+"/sandboxes", u.run()+"/exeat")
}

// Sandboxes that are created and deleted in a row leave nothing.
func TestInARow(t *testing.T) {
	u, n := newUser(t), times(200, 8)
	u.create("first", []string{"--no-keep"}, "true") // makes the state
	before := u.look()
	u.forgetDatabase(&before)
	began := time.Now()
	for i := range n {
		u.create(name(i), nil, fetch, "setsid sleep 1000 >/dev/null 2>&1 &")
		u.exeat("sandbox", "delete", name(i))
	}
	took := time.Since(began)
	u.leftNothing(before)
	fmt.Printf("uid %d: %d sandboxes in a row, each with a request and a stray process: %.0f ms each, nothing left\n", os.Getuid(), n, perMS(took, n))
}

// The first instruction of a sandbox may be a request: what answers it is there before.
func TestFirstInstruction(t *testing.T) {
	u, n := newUser(t), times(200, 12)
	var answered atomic.Int32
	began := time.Now()
	each(n, 4, func(i int) {
		args := append(arguments(u, name(i), []string{"--no-keep"}), "--")
		out, err := u.try(append(args, strings.Fields(fetch)...)...)
		if err != nil || !strings.Contains(out, "\nread\n") {
			t.Errorf("%s: %v\n%s", name(i), err, out)
			return
		}
		answered.Add(1)
	})
	fmt.Printf("uid %d: %d of %d first instructions were answered, %.0f ms a sandbox\n", os.Getuid(), answered.Load(), n, perMS(time.Since(began), n))
}
