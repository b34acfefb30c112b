package supervisor

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"exeat/sandbox/confine"
)

// memoryGuard bounds the memory of all programs of a sandbox together, where no
// control group does. It ends the largest, as the kernel would; where that does
// not help, because there are many, the sandbox is paused.
type memoryGuard struct {
	limit int64
	ended int   // programs in a row
	last  int64 // what was in use when it was paused
}

// memoryTries is how many programs are ended before the sandbox is paused.
const memoryTries = 8

// memoryGrace is what a sandbox over its limit may take more once resumed.
const memoryGrace = 256 << 20

// allow lets a sandbox that was resumed take a little more.
func (g *memoryGuard) allow() { g.limit, g.ended = max(g.limit, g.last+memoryGrace), 0 }

// look says why the sandbox must be paused, or "". The programs are only
// looked at when the machine as a whole uses more than the limit, and only looked
// at closely when they could be over it.
func (g *memoryGuard) look(box *confine.Box) (string, error) {
	used, err := memoryInUse()
	if err != nil || used <= g.limit {
		g.ended = 0
		return "", err
	}
	m, err := box.MemoryAtMost()
	if err == nil && m.Bytes > g.limit {
		m, err = box.Memory()
	}
	if err != nil || m.Bytes <= g.limit {
		g.ended = 0
		return "", err
	}
	g.last = m.Bytes
	if g.ended++; g.ended > memoryTries || m.Largest.PID == 0 {
		return over("its programs and files in memory take", m.Bytes, g.limit) + "; delete files in its /tmp or end programs after resuming it, or stop it", nil
	}
	return "", box.KillLargest(m.Largest)
}

// memoryInUse is what the machine could not give to a new program (proc_meminfo(5)).
func memoryInUse() (int64, error) {
	file, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0, fmt.Errorf("read the memory in use: %w", err)
	}
	defer file.Close()
	sizes := map[string]int64{}
	for lines := bufio.NewScanner(file); lines.Scan() && len(sizes) < 3; { // MemTotal, MemFree, MemAvailable come first
		key, value, _ := strings.Cut(lines.Text(), ":")
		n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read the memory in use: %w", err)
		}
		sizes[key] = n << 10
	}
	if sizes["MemTotal"] == 0 || sizes["MemAvailable"] == 0 {
		return 0, errors.New("read the memory in use: /proc/meminfo does not say")
	}
	return sizes["MemTotal"] - sizes["MemAvailable"], nil
}
