package proxy_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

const retryPolicy = "version: 1\nnetwork_policies:\n  a: { endpoints: [{ host: raw.example, port: 7000 }], binaries: [{ path: /usr/bin/curl }] }\n"

// retryRequest is a whole HelloRetryRequest (RFC 8446 4.1.3).
func retryRequest() []byte {
	random := sha256.Sum256([]byte("HelloRetryRequest"))
	body := append([]byte{3, 3}, random[:]...)
	body = append(body, 0, 0x13, 0x01, 0, 0, 0)
	return append([]byte{0x16, 3, 3, 0, byte(4 + len(body)), 2, 0, 0, byte(len(body))}, body...)
}

// oneRecord puts two greetings into one record.
func oneRecord(a, b []byte) string {
	body := append(bytes.Clone(a[5:]), b[5:]...)
	return string(binary.BigEndian.AppendUint16([]byte{0x16, 3, 1}, uint16(len(body)))) + string(body)
}

// A server may ask for a second greeting, and some take the host from there. It is looked at like the first, whether
// it comes when it is asked for or before.
func TestSecondGreeting(t *testing.T) {
	const cipher, early = "\x14\x03\x03\x00\x01\x01", "\x17\x03\x03\x00\x03abc"
	good, evil := hello(t, "raw.example"), hello(t, "evil.example")
	for name, tt := range map[string]struct {
		first, second string
		passes        bool
	}{
		"for the same":              {string(good), cipher + string(good), true},
		"behind early data":         {string(good) + cipher + early, early + string(good), true},
		"at once":                   {string(good) + cipher + string(good), "", true},
		"none":                      {string(good), "", true},
		"for another":               {string(good), cipher + string(evil), false},
		"for another, at once":      {string(good) + string(evil), "", false},
		"for another, late":         {string(good) + cipher, early + string(evil), false},
		"for another, in a record":  {oneRecord(good, evil), "", false},
		"behind an alert":           {string(good), "\x15\x03\x03\x00\x02\x01\x5a" + string(evil), false},
		"begun and not ended":       {string(good), string(good[:100]), false},
		"hidden":                    {string(good), string(encrypted(good)), false},
		"behind much that is empty": {string(good), strings.Repeat("\x17\x03\x03\x00\x00", 4000) + string(evil), false},
	} {
		for _, door := range doors {
			t.Run(name+"/"+door, func(t *testing.T) {
				w := newWorld(t, retryPolicy)
				heard := make(chan string, 1)
				w.tcp("raw.example", 7000, func(c net.Conn) {
					first := make([]byte, len(good))
					_, _ = io.ReadFull(c, first)
					_, _ = c.Write(retryRequest())
					rest, _ := io.ReadAll(c)
					heard <- string(first) + string(rest)
				})
				c, err := w.open(t.Context(), door, "raw.example", 7000)
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(10 * time.Second))
				_, _ = io.WriteString(c, tt.first)
				if tt.second != "" {
					_, _ = io.ReadFull(c, make([]byte, len(retryRequest())))
					_, _ = io.WriteString(c, tt.second)
				}
				_ = c.(interface{ CloseWrite() error }).CloseWrite()
				got := <-heard
				if strings.Contains(got, "evil.example") || tt.passes && got != tt.first+tt.second {
					t.Errorf("the origin heard %q", got)
				}
				_, _ = io.Copy(io.Discard, c)
				if denied := strings.Contains(w.sink.verdicts(), "deny"); denied == tt.passes {
					t.Errorf("recorded %s", w.sink.verdicts())
				}
			})
		}
	}
}

// What real ends do: the server has no group that the client guessed.
func TestServerAsksAgain(t *testing.T) {
	for _, door := range doors {
		t.Run(door, func(t *testing.T) {
			w := newWorld(t, retryPolicy)
			config, err := w.public.Config("raw.example")
			if err != nil {
				t.Fatal(err)
			}
			config = config.Clone()
			config.CurvePreferences = []tls.CurveID{tls.CurveP521}
			w.tcp("raw.example", 7000, func(c net.Conn) { s := tls.Server(c, config); _, _ = io.Copy(s, s) })
			c, err := w.open(t.Context(), door, "raw.example", 7000)
			if err != nil {
				t.Fatal(err)
			}
			client := newWire(c)
			client.secure(func(c net.Conn) *tls.Conn {
				return tls.Client(c, &tls.Config{RootCAs: pool(w.public), ServerName: "raw.example"})
			})
			client.say("hello")
			if client.hear("hello"); client.err != nil {
				t.Error(client.err)
			}
		})
	}
}
