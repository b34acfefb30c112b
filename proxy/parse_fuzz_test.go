package proxy

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"
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
		report := bytes.NewReader(p.result(&refusal{id: 7}, []string{"Stop."}))
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

// FuzzGreeting: no greeting panics, more bytes never change a name that was complete, and none is complete
// before its last byte is here.
func FuzzGreeting(f *testing.F) {
	f.Add([]byte("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00"), []byte("x"))
	f.Fuzz(func(t *testing.T, hello, more []byte) {
		name, complete, err := serverName(hello)
		if complete && err == nil && !arrives(hello) {
			t.Fatalf("parsed %q before all of it was here", name)
		}
		if !complete || err != nil {
			return
		}
		again, complete, err := serverName(append(bytes.Clone(hello), more...))
		if again != name || !complete || err != nil {
			t.Fatalf("%q, then %q %t %v", name, again, complete, err)
		}
	})
}

// arrives feeds a greeting byte by byte.
func arrives(hello []byte) bool {
	var g greeting
	for i := range hello {
		if g.complete(hello[:i+1]) {
			return true
		}
	}
	return false
}

// A greeting in 10,000 records is read in a time that its length explains.
func TestGreetingInManyRecords(t *testing.T) {
	hello := []byte{1, 0, 0x27, 0x10} // a ClientHello of 10,000 bytes
	hello = append(hello, make([]byte, 10_000)...)
	var records []byte
	for _, b := range hello {
		records = append(records, recordHandshake, 3, 1, 0, 1, b)
	}
	began := time.Now()
	var g greeting
	for i := range records {
		if got, want := g.complete(records[:i+1]), i+1 == len(records); got != want {
			t.Fatalf("after %d of %d bytes: %t", i+1, len(records), got)
		}
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("took %s", took)
	}
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
