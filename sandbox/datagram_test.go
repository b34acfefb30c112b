package sandbox_test

import (
	"slices"
	"testing"

	"exeat/store"
)

// A program that wants UDP is refused at once, and there is one record of each
// destination, with the name it was found by and the program.
func TestDatagramsAreRecorded(t *testing.T) {
	boxes := newBoxes(t)
	create(t, boxes, frozen(t, "box", testPolicy))
	const send = `for to in quic.example/443 203.0.113.9/9999; do for i in 1 2 3; do (echo x >/dev/udp/$to; echo x >/dev/udp/$to) 2>/dev/null; done; done
	echo x >/dev/udp/127.0.0.1/9999; echo x >/dev/udp/203.0.113.9/53`
	run(t, boxes, "box", "bash", "-c", send)
	got := denials(t, boxes)
	if len(got) != 2 {
		t.Fatalf("got %d records, want one of each destination: %+v", len(got), got)
	}
	slices.SortFunc(got, func(a, b store.Decision) int { return a.Port - b.Port })
	for i, want := range []struct {
		host string
		port int
	}{{"quic.example", 443}, {"203.0.113.9", 9999}} {
		if d := got[i]; d.Host != want.host || d.Port != want.port || d.Protocol != "udp" || d.Exe != "/usr/bin/bash" {
			t.Errorf("got %s:%d by %s over %s, want %s:%d", d.Host, d.Port, d.Exe, d.Protocol, want.host, want.port)
		}
	}
}
