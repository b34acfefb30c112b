package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of the times in /proc/PID/stat, which is the same on every architecture of Linux.
const tick = 10 * time.Millisecond

// family is a process and all that descend from it.
func family(pid int) []int {
	all := []int{pid}
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return all
	}
	for _, task := range tasks {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", pid, task.Name()))
		for _, child := range strings.Fields(string(text)) {
			if n, err := strconv.Atoi(child); err == nil {
				all = append(all, family(n)...)
			}
		}
	}
	return all
}

// processorTime is what the processes have used so far, in user mode and in the kernel.
func processorTime(pids []int) time.Duration {
	var ticks time.Duration
	for _, pid := range pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue // it has ended
		}
		fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:]) // its name may contain spaces
		for _, f := range fields[11:13] {                               // utime and stime, proc_pid_stat(5)
			n, _ := strconv.Atoi(string(f))
			ticks += time.Duration(n)
		}
	}
	return ticks * tick
}

// resident is the memory that the processes hold, in bytes. Pages that two of them share count half.
func resident(pids []int) int64 {
	var kilobytes int64
	for _, pid := range pids {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
		for l := range strings.Lines(string(text)) {
			if rest, ok := strings.CutPrefix(l, share(pids)); ok {
				n, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
				kilobytes += n
			}
		}
	}
	return kilobytes << 10
}

// share is the field that counts: a single process is charged for all its pages, also those of its
// file that the bench's other processes have mapped.
func share(pids []int) string {
	if len(pids) == 1 {
		return "Rss:"
	}
	return "Pss:"
}
