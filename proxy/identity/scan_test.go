package identity_test

import (
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Without a seccomp listener: whoever has the connection open must be one program.
func TestStrictScan(t *testing.T) {
	rows := []struct {
		name, role, until string
		want              string // part of why it is unknown
	}{
		{"stays", "connect", "connected", ""},
		{"connects from another thread with files of its own", "thread", "connected", ""},
		{"shares it with another program", "both", "both", "two different programs have this connection"},
		{"has ended", "brief", "ended brief", "this connection"},
		{"was deleted", "deleted", "connected", "its executable was deleted or replaced while it runs"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			b := strictBox(t)
			program := b.program("program")
			b.start(program, row.role, b.v4.Addr().String(), b.program("other"))
			c := b.accept(b.v4)
			b.await(row.until)
			if row.role == "both" {
				b.await("blocked")
			}
			got := b.who(c)
			if !strings.Contains(got.Unknown, row.want) || row.want == "" && (got.Exe != program || got.Unknown != "" || got.Hash != hashOf(t, program)) {
				t.Errorf("got %+v, want %s, unknown: %q", got, program, row.want)
			}
		})
	}
}

// Two processes of one program: what only one of them descends from grants nothing.
func TestStrictScanCommonAncestors(t *testing.T) {
	b := strictBox(t)
	agent, program := b.program("agent"), b.program("program")
	b.start(agent, "parents", b.v4.Addr().String(), "both", program, program)
	c := b.accept(b.v4)
	b.await("both")
	b.await("blocked")
	if got := b.who(c); got.Exe != program || got.Unknown != "" || !cmp.Equal(got.Ancestors, []string{agent}) {
		t.Errorf("got %+v, want %s below %s", got, program, agent)
	}
}

// Goroutines that share one open directory of /proc would each miss what another has read.
func TestStrictScanAtOnce(t *testing.T) {
	b := strictBox(t)
	program := b.program("program")
	for range 20 {
		b.start(program, "connect", b.v4.Addr().String())
		c := b.accept(b.v4)
		var scans sync.WaitGroup
		for range 4 {
			scans.Go(func() {
				got, err := b.watcher.Lookup(c, c.LocalAddr().(interface{ AddrPort() netip.AddrPort }).AddrPort())
				if err != nil || got.Exe != program || got.Unknown != "" {
					t.Errorf("got %+v, %v, want %s", got, err, program)
				}
			})
		}
		scans.Wait()
	}
}
