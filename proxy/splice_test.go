package proxy_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// Uninspected TLS must name the host it goes to, whoever speaks first and however late.
func TestSpliceChecksTheName(t *testing.T) {
	for _, tt := range []struct {
		name, sni string
		ok        bool
	}{
		{"same", "raw.example", true},
		{"same, spelled differently", "RAW.example", true},
		{"another", "evil.example", false},
		{"none", "", false},
	} {
		for _, door := range doors {
			t.Run(door+"/"+tt.name, func(t *testing.T) {
				w := newWorld(t, basePolicy)
				config, _ := w.public.Config("raw.example")
				w.tcp("raw.example", 443, func(c net.Conn) {
					s := tls.Server(c, config)
					_, _ = io.WriteString(s, "hello")
					s.Close()
				})
				c, err := w.open(t.Context(), door, "raw.example", 443)
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				s := tls.Client(c, &tls.Config{InsecureSkipVerify: true, ServerName: tt.sni})
				_ = s.SetDeadline(time.Now().Add(5 * time.Second))
				got, err := io.ReadAll(s)
				if (string(got) == "hello") != tt.ok {
					t.Errorf("got %q %v, want through: %t", got, err, tt.ok)
				}
				await(t, "recorded", func() bool { return strings.Contains(w.sink.verdicts(), "authority_mismatch") != tt.ok })
			})
		}
	}
}

// The server may speak first; what the client says later is still looked at.
func TestSpliceServerFirst(t *testing.T) {
	w := newWorld(t, basePolicy)
	w.tcp("raw.example", 7000, func(c net.Conn) {
		_, _ = io.WriteString(c, "220 ready\r\n")
		_, _ = io.Copy(c, c)
	})
	c, err := w.open(t.Context(), transparent, "raw.example", 7000)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	r := bufio.NewReader(c)
	if line, err := r.ReadString('\n'); line != "220 ready\r\n" {
		t.Fatalf("got %q %v", line, err)
	}
	// A TLS greeting, late, byte by byte, for another host.
	go func() { _ = tls.Client(dripping{c}, &tls.Config{ServerName: "evil.example"}).Handshake() }()
	if b, err := r.ReadByte(); err == nil {
		t.Errorf("the greeting went through: %x", b)
	}
}

// dripping writes one byte at a time.
type dripping struct{ net.Conn }

func (d dripping) Write(p []byte) (int, error) {
	for i := range p {
		if _, err := d.Conn.Write(p[i : i+1]); err != nil {
			return i, err
		}
	}
	return len(p), nil
}

// What comes after a pause, and what a client reads only after one, comes through whole.
func TestSpliceAfterAPause(t *testing.T) {
	const size = 8 << 20
	want := make([]byte, size)
	for i := range want {
		want[i] = byte(i * i >> 7)
	}
	for _, door := range doors {
		t.Run(door, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, basePolicy)
			w.tcp("raw.example", 7000, func(c net.Conn) {
				for range 2 {
					_, _ = io.ReadFull(c, make([]byte, 4))
					_, _ = c.Write(want)
				}
			})
			c, err := w.open(t.Context(), door, "raw.example", 7000)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			_ = c.SetDeadline(time.Now().Add(20 * time.Second))
			for range 2 {
				_, _ = io.WriteString(c, "more")
				time.Sleep(300 * time.Millisecond) // longer than a burst
				got := make([]byte, size)
				if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, want) {
					t.Errorf("the bytes are not the same: %v", err)
				}
			}
		})
	}
}

// Either side of a splice can end its direction and still read.
func TestSpliceHalfClose(t *testing.T) {
	for _, door := range doors {
		w := newWorld(t, basePolicy)
		w.tcp("raw.example", 7000, func(c net.Conn) {
			all, _ := io.ReadAll(c)
			fmt.Fprintf(c, "got %d", len(all))
		})
		c, err := w.open(t.Context(), door, "raw.example", 7000)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(5 * time.Second))
		_, _ = io.WriteString(c, strings.Repeat("x", 100_000))
		_ = c.(interface{ CloseWrite() error }).CloseWrite()
		if got, err := io.ReadAll(c); string(got) != "got 100000" {
			t.Errorf("%s: got %q %v", door, got, err)
		}
		await(t, "completed", func() bool { e, ok := w.sink.completed(1); return ok && e.BytesOut == 100_000 && e.BytesIn == 10 })
	}
}
