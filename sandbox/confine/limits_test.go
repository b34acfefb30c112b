package confine_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"exeat/sandbox/confine"
)

// tight are limits that a test can reach.
func tight() confine.Limits {
	return confine.Limits{Processes: 200, ProcessMemory: 256 << 20, Files: 2000, FileSize: 8 << 20, Tmp: 16 << 20}
}

// A fork bomb stops at its limit, init answers all the while, and the host's
// processes of the same user can fork.
func TestForkBomb(t *testing.T) {
	s := basic(t)
	s.Limits = tight()
	b := start(t, s)
	threads := status(t, b, "Threads")
	p := busy(t, b, inside, "probe", "bomb")
	until(t, "the bomb fills the sandbox", func() bool { return processes(t, b) > 150 })
	time.Sleep(300 * time.Millisecond)
	if got := processes(t, b); got > s.Limits.Processes {
		t.Errorf("%d processes, the limit is %d", got, s.Limits.Processes)
	}
	refused := 0
	for range 5 {
		other, err := b.Exec(confine.ExecSpec{Argv: []string{"true"}, Env: environment()})
		if err == nil {
			other.Close()
			continue
		}
		if e, ok := errors.AsType[*confine.ExecError](err); !ok || e.Problem != confine.TooMany {
			t.Errorf("exec beside a fork bomb: %v", err)
		}
		refused++
	}
	t.Logf("%d processes, %d of 5 programs refused", processes(t, b), refused)
	if err := exec.CommandContext(t.Context(), "true").Run(); err != nil {
		t.Errorf("the host cannot fork: %v", err)
	}
	orders(t, b, p)
	if got := status(t, b, "Threads"); got != threads {
		t.Errorf("init has %s threads, and had %s", got, threads)
	}
	from := time.Now()
	b.End()
	if took := time.Since(from); took > 5*time.Second {
		t.Errorf("the end of a fork bomb took %v", took)
	}
}

// orders are what init must do beside a fork bomb.
func orders(t *testing.T, b *confine.Box, p *confine.Process) {
	t.Helper()
	from := time.Now()
	if err := b.Pause(); err != nil {
		t.Error(err)
	}
	if !still(t, b) {
		t.Error("the paused bomb goes on")
	}
	if err := b.Resume(); err != nil {
		t.Error(err)
	}
	if err := b.Signal(p.ID, unix.SIGKILL); err != nil {
		t.Error(err)
	}
	if got := p.Wait(); got != 128+9 {
		t.Errorf("status %d", got)
	}
	t.Logf("pause, resume and kill took %v", time.Since(from))
}

func processes(t *testing.T, b *confine.Box) int {
	t.Helper()
	all, err := b.Limits()
	if err != nil {
		t.Fatal(err)
	}
	return int(all[0].Used)
}

// status is a field of init's.
func status(t *testing.T, b *confine.Box, field string) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", b.PID))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if key, value, _ := strings.Cut(line, ":"); key == field {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// Each limit holds for a program, which cannot raise it.
func TestLimits(t *testing.T) {
	s := basic(t)
	s.Limits = tight()
	b := start(t, s)
	for _, c := range []struct{ script, want string }{
		{"ulimit -u; ulimit -Hu; ulimit -Sn; ulimit -Hn; ulimit -Hc; ulimit -Hd; ulimit -Hf", "200\n200\n1024\n2000\n0\n262144\n8192"},
		{"ulimit -u 201 2>/dev/null || echo refused", "refused"},
		{"ulimit -Hn 2001 2>/dev/null || echo refused", "refused"},
		{"(echo 9999 >/proc/sys/kernel/pid_max) 2>/dev/null || echo refused", "refused"},
		{"cat /proc/self/oom_score_adj", "1000"},
		{"trap '' XFSZ; head -c 20m /dev/zero >/tmp/a 2>/dev/null; wc -c </tmp/a", "8388608"},
		{"head -c 20m /dev/zero 2>/dev/null | split -b 1m - /tmp/b 2>/dev/null; du -sm /tmp | cut -f1", "16"},
		{"rm -f /tmp/*; head -c 8m /dev/zero >/dev/shm/a 2>/dev/null; du -sm /dev/shm | cut -f1", "4"},
		{"i=0; while [ $i -lt 5000 ]; do : >/tmp/f$i || break; i=$((i+1)); done 2>/dev/null; [ $i -lt 4200 ] && echo refused", "refused"},
	} {
		if out, _ := run(t, b, "bash", "-c", c.script); out != c.want {
			t.Errorf("%s\ngot %q\nwant %q", c.script, out, c.want)
		}
	}
	if out, code := run(t, b, inside, "probe", "allocate", "1024"); code == 0 {
		t.Errorf("a program took 1 GiB: %s", out)
	}
}

// ownPIDMax says whether a pid namespace has a pid_max of its own: since Linux 6.14.
func ownPIDMax(t *testing.T) bool {
	t.Helper()
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		t.Fatal(err)
	}
	var major, minor int
	if _, err := fmt.Sscanf(unix.ByteSliceToString(name.Release[:]), "%d.%d", &major, &minor); err != nil {
		t.Fatal(err)
	}
	return major > 6 || major == 6 && minor >= 14
}

// What is reported is what the kernel has.
func TestLimitsAreReadBack(t *testing.T) {
	s := basic(t)
	s.Limits = tight()
	b := start(t, s)
	want := map[string]int64{
		"kernel.pid_max of the pid namespace": 499, "RLIMIT_NPROC in the user namespace": 200, "RLIMIT_DATA": 256 << 20, "RLIMIT_NOFILE": 2000,
		"RLIMIT_FSIZE": 8 << 20, "RLIMIT_CORE": 0, "RLIMIT_MEMLOCK": 4 << 20,
	}
	if !ownPIDMax(t) {
		delete(want, "kernel.pid_max of the pid namespace")
	}
	for _, running := range []bool{false, true} {
		if running {
			busy(t, b, "sh", "-c", "head -c 1m /dev/zero >/tmp/a; while :; do :; done")
			until(t, "the file is there", func() bool { return limit(t, b, "/tmp").Used == 1<<20 })
		}
		all, err := b.Limits()
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, l := range all {
			if max, ok := want[l.Mechanism]; ok {
				found++
				if l.Max != max {
					t.Errorf("program running %v: %s is %d, want %d", running, l.Mechanism, l.Max, max)
				}
			}
		}
		if found != len(want) {
			t.Errorf("got %+v", all)
		}
		if l := limit(t, b, "/dev/shm"); l.Max != 4<<20 || l.Used != 0 {
			t.Errorf("got %+v", l)
		}
	}
}

// What programs hold is counted once, and the largest can be ended.
func TestMemory(t *testing.T) {
	b := start(t, basic(t))
	before, err := b.Memory()
	if err != nil {
		t.Fatal(err)
	}
	const script = "import os,time\nx=bytearray(64<<20)\nos.fork()\nos.fork()\ntime.sleep(1000)"
	p := busy(t, b, "python3", "-c", script)
	busy(t, b, "head", "-c", "10m", "/dev/zero") // blocked on its pipe: small
	run(t, b, "sh", "-c", "head -c 8m /dev/zero >/dev/shm/a")
	var m confine.Memory
	until(t, "four programs share 64 MiB", func() bool {
		m, err = b.Memory()
		return err == nil && processes(t, b) > 15 && m.Bytes-before.Bytes > 72<<20
	})
	if most, err := b.MemoryAtMost(); most.Bytes < m.Bytes || err != nil {
		t.Errorf("at most %d MiB, %v, but it is %d", most.Bytes>>20, err, m.Bytes>>20)
	}
	if got := m.Bytes - before.Bytes; got > 140<<20 {
		t.Errorf("they hold %d MiB", got>>20)
	}
	if err := b.KillLargest(confine.Holder{PID: p.PID, Bytes: 1}); err != nil {
		t.Fatal(err)
	}
	if got := p.Wait(); got != 128+9 {
		t.Errorf("status %d", got)
	}
	if err := b.KillLargest(m.Largest); err != nil {
		t.Errorf("again: %v", err)
	}
}

// A deleted file that is still open is found, once.
func TestUnlinked(t *testing.T) {
	b := start(t, basic(t))
	p := busy(t, b, "sh", "-c", "exec 7>/tmp/a; rm /tmp/a; head -c 3m /dev/zero >&7; echo ready; sleep 1000 & wait")
	p.Stdout.Read(make([]byte, 16))
	fd, err := unix.Open(fmt.Sprintf("/proc/self/fd/%d/1/root/tmp", b.Proc.Fd()), unix.O_PATH, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		t.Fatal(err)
	}
	if n, hidden, err := b.Unlinked(st.Dev); n != 3<<20 || hidden || err != nil {
		t.Errorf("got %d, %v, %v", n, hidden, err)
	}
	if n, _, err := b.Unlinked(st.Dev + 1); n != 0 || err != nil {
		t.Errorf("of another file system: got %d, %v", n, err)
	}
}

func limit(t *testing.T, b *confine.Box, name string) confine.Limit {
	t.Helper()
	all, err := b.Limits()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range all {
		if l.Name == name {
			return l
		}
	}
	t.Fatalf("no limit of %s", name)
	return confine.Limit{}
}
