package identity_test

import (
	"bytes"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// BenchmarkConnect compares a connect that is held, by a program two levels below the sandbox's first
// one, with the same connect outside. Median of each; the difference is the price of an identity, which does not
// depend on how many other processes there are.
func BenchmarkConnect(b *testing.B) {
	for _, processes := range []int{10, 500} {
		b.Run(strconv.Itoa(processes), func(b *testing.B) { benchmarkConnect(b, processes) })
	}
}

func benchmarkConnect(b *testing.B, processes int) {
	count := strconv.Itoa(max(b.N, 500))
	box := startBox(b)
	agent, shell, git := box.program("agent"), box.program("shell"), box.program("git")
	settle(b, git)
	for range processes {
		box.start("/bin/sleep", "", "600")
	}
	box.start(agent, "nest", count, shell, git)
	held := median(b, box.await("median"))

	reportBeside(b, held, command(git, "time", count))
}

// BenchmarkExit compares a process that does nothing, whose exit_group() is held, with the same outside.
func BenchmarkExit(b *testing.B) {
	count := strconv.Itoa(max(b.N, 200))
	box := startBox(b)
	program := box.program("program")
	box.start(program, "forks", count)
	held := median(b, box.await("median"))

	reportBeside(b, held, command(program, "forks", count))
}

// reportBeside compares with the same that nobody holds.
func reportBeside(b *testing.B, held float64, free *exec.Cmd) {
	b.Helper()
	var out bytes.Buffer
	free.Stdout = &out
	must(b, free.Run())
	b.ReportMetric(held, "held-ns/op")
	b.ReportMetric(held-median(b, out.String()), "added-ns/op")
}

func median(b *testing.B, line string) float64 {
	b.Helper()
	var ns float64
	if _, err := fmt.Sscanf(strings.TrimSpace(line), "median %g", &ns); err != nil {
		b.Fatal(err)
	}
	return ns
}
