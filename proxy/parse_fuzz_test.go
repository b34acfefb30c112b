package proxy

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// FuzzPush: whatever is read of a push stays within its bound, and the report names exactly the refs
// that were read, in a form that git reads back.
func FuzzPush(f *testing.F) {
	const zero = "0000000000000000000000000000000000000000"
	f.Add([]byte("0000"))
	f.Add([]byte("006e" + zero + " " + strings.Repeat("a", 40) + " refs/heads/main\x00report-status side-band-64k0000PACK"))
	f.Add([]byte("0000PACK"))
	f.Add([]byte("0004000500060007fffe"))
	f.Fuzz(func(t *testing.T, body []byte) {
		r := bytes.NewReader(body)
		p := readPushCommands(io.LimitReader(r, maxCommands))
		if read := len(body) - r.Len(); read > maxCommands {
			t.Fatalf("read %d bytes", read)
		}
		p.sideBand = 0
		report := bytes.NewReader(p.result(&refusal{id: 7}))
		var got, refs []string
		for _, c := range p.commands {
			refs = append(refs, c.ref)
		}
		for {
			line, err := readPacket(report)
			if err != nil {
				t.Fatalf("report of %q: %v", refs, err)
			}
			if line == nil {
				break
			}
			if rest, ok := strings.CutPrefix(string(line), "ng "); ok {
				ref, ok := strings.CutSuffix(rest, " denied by exeat: 7\n")
				if !ok {
					t.Fatalf("line %q", line)
				}
				got = append(got, ref)
			}
		}
		if strings.Join(got, "\n") != strings.Join(refs, "\n") || report.Len() != 0 {
			t.Fatalf("read %q, reported %q", refs, got)
		}
	})
}

// FuzzGreeting: no greeting panics, and more bytes never change a name that was complete.
func FuzzGreeting(f *testing.F) {
	f.Add([]byte("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00"), []byte("x"))
	f.Fuzz(func(t *testing.T, greeting, more []byte) {
		name, complete, err := serverName(greeting)
		if !complete || err != nil {
			return
		}
		again, complete, err := serverName(append(bytes.Clone(greeting), more...))
		if again != name || !complete || err != nil {
			t.Fatalf("%q, then %q %t %v", name, again, complete, err)
		}
	})
}

// FuzzAuthority: what was read as host and port, written again, is read as the same.
func FuzzAuthority(f *testing.F) {
	for _, s := range []string{"a.example:443", "[::1]:80", "a", "::1", "[fe80::1%25lo]:1", "a:b:c", "A.:080"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		host, port, err := splitAuthority(s, 80)
		if err != nil {
			return
		}
		flow := &flow{host: host, port: port}
		for _, written := range []string{flow.authority(true), flow.authority(false)} {
			h, p, err := splitAuthority(written, 80)
			if err != nil || h != host || p != port {
				t.Fatalf("%q is %s %d, written as %q it is %s %d %v", s, host, port, written, h, p, err)
			}
		}
	})
}
