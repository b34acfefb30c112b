package identity_test

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// BenchmarkConnect compares a connect that is held, by a program two levels below the sandbox's first
// one, with the same connect outside. Median of each; the difference is the price of an identity.
func BenchmarkConnect(b *testing.B) {
	count := strconv.Itoa(max(b.N, 500))
	box := startBox(b)
	agent, shell, git := box.program("agent"), box.program("shell"), box.program("git")
	settle(b, git)
	box.start(agent, "nest", count, shell, git)
	held := median(b, box.await("median"))

	var out bytes.Buffer
	free := command(git, "time", count)
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
