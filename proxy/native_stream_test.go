package proxy_test

import (
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// What begins like TLS is held to the name, and must be TLS: else the next byte may be anything.
func TestNativeGreetings(t *testing.T) {
	w := newWorld(t, nativePolicy)
	heard := make(chan string, 8)
	w.tcp("db.example", 7000, func(c net.Conn) {
		all, _ := io.ReadAll(c)
		heard <- string(all)
	})
	for _, door := range doors {
		for name, greet := range map[string]func(net.Conn){
			"TLS for another host": func(c net.Conn) { _ = tls.Client(c, &tls.Config{ServerName: "evil.example"}).Handshake() },
			"TLS for no host":      func(c net.Conn) { _ = tls.Client(c, &tls.Config{InsecureSkipVerify: true}).Handshake() },
			"no TLS": func(c net.Conn) {
				_, _ = io.WriteString(c, "\x16\x03\x01\x00\x04\x16\x16\x16\x16")
				_, _ = io.ReadAll(c)
			},
		} {
			c, err := w.open(t.Context(), door, "db.example", 7000)
			if err != nil {
				t.Fatal(err)
			}
			_ = c.SetDeadline(time.Now().Add(10 * time.Second))
			greet(c)
			c.Close()
			if got := <-heard; got != "" {
				t.Errorf("%s by %s: the server heard %q", name, door, got)
			}
		}
	}
	if got := strings.Count(w.sink.verdicts(), "authority_mismatch"); got != 6 {
		t.Errorf("%d of 6 are recorded: %s", got, w.sink.verdicts())
	}
}

// A connection on which nobody speaks lives as long as its two ends want, before the first byte and after.
func TestNativeIdle(t *testing.T) {
	w := newWorld(t, nativePolicy)
	w.server.HurryLimits(20 * time.Millisecond)
	w.tcp("db.example", 7000, func(c net.Conn) { _, _ = io.Copy(c, c) })
	for _, door := range doors {
		c, err := w.open(t.Context(), door, "db.example", 7000)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		client := newWire(c)
		for _, word := range []string{"one", "two"} {
			time.Sleep(300 * time.Millisecond)
			client.say(word)
			client.hear(word)
		}
		if client.err != nil {
			t.Errorf("%s: %v", door, client.err)
		}
	}
}

// Either end may finish first and still be told the rest: psql sends EOF behind \copy, a server ends its side first.
func TestNativeHalfClose(t *testing.T) {
	w := newWorld(t, nativePolicy)
	told := make(chan string, 1)
	w.tcp("db.example", 7000, func(c net.Conn) {
		_, _ = io.WriteString(c, "bye")
		_ = c.(*net.TCPConn).CloseWrite()
		all, _ := io.ReadAll(c)
		told <- string(all)
	})
	for _, door := range doors {
		c, err := w.open(t.Context(), door, "db.example", 7000)
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(10 * time.Second))
		if got, err := io.ReadAll(c); string(got) != "bye" || err != nil {
			t.Errorf("%s: got %q, %v", door, got, err)
		}
		_, _ = io.WriteString(c, "still here")
		_ = c.(interface{ CloseWrite() error }).CloseWrite()
		if got := <-told; got != "still here" {
			t.Errorf("%s: the server was told %q", door, got)
		}
		c.Close()
	}
}

// 64 MiB pass both ways at the same time, whole; the log says how fast.
func TestNativeBulk(t *testing.T) {
	const size = 64 << 20
	w := newWorld(t, nativePolicy)
	got := make(chan [32]byte, 2)
	exchange := func(c net.Conn, seed byte) error {
		sum := sha256.New()
		var both sync.WaitGroup
		var errs [2]error
		both.Go(func() {
			_, errs[0] = io.CopyN(c, rand.NewChaCha8([32]byte{seed}), size)
			_ = c.(interface{ CloseWrite() error }).CloseWrite()
		})
		both.Go(func() { _, errs[1] = io.Copy(sum, c) })
		both.Wait()
		got <- [32]byte(sum.Sum(nil))
		return errors.Join(errs[:]...)
	}
	w.tcp("db.example", 7000, func(c net.Conn) { _ = exchange(c, 1) })
	c, err := w.open(t.Context(), transparent, "db.example", 7000)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	began := time.Now()
	if err := exchange(c, 2); err != nil {
		t.Fatal(err)
	}
	sums := map[[32]byte]bool{<-got: true, <-got: true}
	t.Logf("%d MiB each way in %v", size>>20, time.Since(began))
	for seed := range byte(2) {
		want := sha256.New()
		_, _ = io.CopyN(want, rand.NewChaCha8([32]byte{seed + 1}), size)
		if !sums[[32]byte(want.Sum(nil))] {
			t.Errorf("what end %d sent did not arrive as it was", seed+1)
		}
	}
	await(t, "completed", func() bool { e, ok := w.sink.completed(1); return ok && e.BytesIn == size && e.BytesOut == size })
}

// A client of a protocol that is not HTTP hears why it was refused, in its own words, with the number of the record.
func TestNativeRefusals(t *testing.T) {
	for name, tt := range map[string]struct {
		port     int
		say      string
		inspects bool // the policy lets HTTP through there
		want     string
	}{
		"SSH":                       {22, "SSH-2.0-OpenSSH_9.2\r\n", false, "SSH-2.0-exeat\r\n"},
		"PostgreSQL":                {5432, startup, false, "E\x00\x00"},
		"Redis":                     {6379, "*1\r\n$4\r\nPING\r\n", false, "-NOPERM denied by exeat: "},
		"SSH where HTTP may pass":   {443, "SSH-2.0-OpenSSH_9.2\r\n", true, "SSH-2.0-exeat\r\n"},
		"Redis where HTTP may pass": {443, "*1\r\n$4\r\nPING\r\n", true, "-NOPERM denied by exeat: "},
	} {
		for _, door := range doors {
			t.Run(name+"/"+door, func(t *testing.T) {
				w := newWorld(t, basePolicy)
				host := map[bool]string{true: "api.example", false: "else.example"}[tt.inspects]
				c, err := w.open(t.Context(), door, host, tt.port)
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(10 * time.Second))
				if _, err := io.WriteString(c, tt.say); err != nil {
					t.Fatal(err)
				}
				_ = c.(interface{ CloseWrite() error }).CloseWrite()
				got, _ := io.ReadAll(c)
				if !strings.HasPrefix(string(got), tt.want) || !strings.Contains(string(got), "denied by exeat: 1: ") {
					t.Errorf("heard %q", got)
				}
				if verdicts := w.sink.verdicts(); !strings.Contains(verdicts, "deny") {
					t.Errorf("recorded %s", verdicts)
				}
			})
		}
	}
}

// One of PostgreSQL that insists on TLS hears it within.
func TestNativeRefusalInTLS(t *testing.T) {
	w := newWorld(t, basePolicy)
	c, err := w.open(t.Context(), transparent, "db.example", 5432)
	if err != nil {
		t.Fatal(err)
	}
	client := newWire(c)
	client.say(sslRequest)
	client.hear("S")
	client.secure(func(c net.Conn) *tls.Conn {
		return tls.Client(c, &tls.Config{RootCAs: w.clientCAs, ServerName: "db.example", NextProtos: []string{"postgresql"}})
	})
	client.say(startup)
	if client.err != nil {
		t.Fatal(client.err)
	}
	if got, _ := io.ReadAll(client); !strings.Contains(string(got), "Mdenied by exeat: 1: db.example:5432 not permitted") {
		t.Errorf("heard %q", got)
	}
}

// One that does not name its protocol hears it within TLS also where HTTP may pass.
func TestNativeRefusalBehindTLS(t *testing.T) {
	for name, tt := range map[string]struct{ host, say, want string }{
		"where HTTP may pass":  {"api.example", "*1\r\n$4\r\nPING\r\n", "-NOPERM denied by exeat: 1: the policy inspects this destination"},
		"HTTP":                 {"api.example", "TRACE / HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n\r\n", "HTTP/1.1 403 denied by exeat: 1"},
		"HTTP that is no HTTP": {"api.example", "*/* x\r\n\r\n", "HTTP/1.1 400 denied by exeat: 1"},
	} {
		for _, door := range doors {
			t.Run(name+"/"+door, func(t *testing.T) {
				w := newWorld(t, basePolicy)
				c, err := w.open(t.Context(), door, tt.host, 443)
				if err != nil {
					t.Fatal(err)
				}
				client := newWire(c)
				client.secure(func(c net.Conn) *tls.Conn {
					return tls.Client(c, &tls.Config{RootCAs: w.clientCAs, ServerName: tt.host})
				})
				client.say(tt.say)
				if client.hear(tt.want); client.err != nil {
					t.Error(client.err)
				}
				if n := len(w.sink.all()); n != 1 {
					t.Errorf("%d records", n)
				}
			})
		}
	}
}
