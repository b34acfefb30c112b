package proxy_test

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"exeat/proxy"
)

// hello is the greeting of a client that asks for a host.
func hello(t *testing.T, host string) []byte {
	t.Helper()
	c, s := net.Pipe()
	defer s.Close()
	go func() { _ = tls.Client(c, &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}).Handshake() }()
	record := make([]byte, 4096)
	_ = s.SetDeadline(time.Now().Add(5 * time.Second))
	n, err := io.ReadAtLeast(s, record, 100)
	if err != nil {
		t.Fatal(err)
	}
	return record[:n]
}

// encrypted adds the extension of ECH to a greeting (RFC 8446 4.1.2).
func encrypted(greeting []byte) []byte {
	out := append(bytes.Clone(greeting), 0xfe, 0x0d, 0, 1, 0)
	at := 5 + 4 + 2 + 32
	at += 1 + int(out[at])
	at += 2 + int(binary.BigEndian.Uint16(out[at:]))
	at += 1 + int(out[at])
	grow := func(b []byte) { binary.BigEndian.PutUint16(b, binary.BigEndian.Uint16(b)+5) }
	grow(out[at:])
	grow(out[7:])
	grow(out[3:])
	return out
}

// Behind an address are many hosts. Whatever way a greeting has to ask for another one than the policy allowed, or to hide
// which, ends the connection; what is no TLS passes.
func TestGreetingsInDisguise(t *testing.T) {
	alert := "\x15\x03\x01\x00\x02\x01\x5a"
	good, evil := string(hello(t, "raw.example")), string(hello(t, "evil.example"))
	for name, tt := range map[string]struct {
		pieces []string
		passes bool
	}{
		"plain":                         {[]string{good}, true},
		"for another":                   {[]string{evil}, false},
		"behind an alert":               {[]string{alert + evil}, false},
		"behind an alert, in pieces":    {[]string{"\x15", "\x03\x01", evil}, false},
		"behind a change of cipher":     {[]string{"\x14\x03\x01\x00\x01\x01" + evil}, false},
		"behind data":                   {[]string{"\x17\x03\x03\x00\x00" + evil}, false},
		"of SSL 2":                      {[]string{"\x80\x2e\x01\x03\x01" + strings.Repeat("x", 43)}, false},
		"encrypted":                     {[]string{string(encrypted([]byte(good)))}, false},
		"a byte of another protocol":    {[]string{"\x15", "hello"}, true},
		"telnet":                        {[]string{"\xff\xfb\x01", "\xff\xfd\x03"}, true},
		"a length with its highest bit": {[]string{"\x85\x00\x00\x01"}, true},
	} {
		for _, door := range doors {
			t.Run(name+"/"+door, func(t *testing.T) {
				w := newWorld(t, "version: 1\nnetwork_policies:\n  a: { endpoints: [{ host: raw.example, port: 7000 }], binaries: [{ path: /usr/bin/curl }] }\n")
				heard := make(chan string, 1)
				w.tcp("raw.example", 7000, func(c net.Conn) {
					all, _ := io.ReadAll(c)
					heard <- string(all)
				})
				c, err := w.open(t.Context(), door, "raw.example", 7000)
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				for i, piece := range tt.pieces {
					if i > 0 {
						time.Sleep(20 * time.Millisecond)
					}
					_, _ = io.WriteString(c, piece)
				}
				_ = c.(interface{ CloseWrite() error }).CloseWrite()
				want := ""
				if tt.passes {
					want = strings.Join(tt.pieces, "")
				}
				if got := <-heard; got != want {
					t.Errorf("the origin heard %q", got)
				}
				if denied := strings.Contains(w.sink.verdicts(), "deny"); denied == tt.passes {
					t.Errorf("recorded %s", w.sink.verdicts())
				}
			})
		}
	}
}

// A greeting that is begun has to end.
func TestGreetingThatStops(t *testing.T) {
	w := newWorld(t, "version: 1\nnetwork_policies:\n  a: { endpoints: [{ host: raw.example, port: 7000 }], binaries: [{ path: /usr/bin/curl }] }\n")
	w.server.HurryLimits(100 * time.Millisecond)
	w.tcp("raw.example", 7000, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	c, err := w.open(t.Context(), transparent, "raw.example", 7000)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	began := time.Now()
	ended := make(chan error, 1)
	go func() { _, err := c.Read(make([]byte, 1)); ended <- err }()
	for _, b := range hello(t, "raw.example")[:60] {
		if _, err := c.Write([]byte{b}); err != nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	select {
	case err := <-ended:
		if took := time.Since(began); err == nil || took > time.Second {
			t.Errorf("ended after %s with %v", took, err)
		}
	case <-time.After(5 * time.Second):
		t.Error("a greeting of one byte every 20 ms went on")
	}
}

// A tunnel whose greeting nobody had to look at ends with the policy that said so.
func TestTunnelLosesSkip(t *testing.T) {
	const policy = "version: 1\nnetwork_policies:\n  a: { endpoints: [{ host: raw.example, port: 7000, tls: skip }], binaries: [{ path: /usr/bin/curl }] }\n"
	w := newWorld(t, policy, func(*proxy.Config) {})
	w.tcp("raw.example", 7000, func(c net.Conn) { _, _ = io.Copy(c, c) })
	c, err := w.open(t.Context(), transparent, "raw.example", 7000)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	one := []byte("x")
	if _, err := c.Write(one); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, one); err != nil {
		t.Fatal(err)
	}
	w.load(strings.Replace(policy, ", tls: skip", "", 1))
	if _, err := c.Read(one); err == nil {
		t.Error("it went on")
	}
}
