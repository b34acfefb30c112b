package proxy_test

import (
	"io"
	"net"
	"slices"
	"testing"
	"time"
)

// openPolicy allows all that can be read.
const openPolicy = `version: 1
network_policies:
  open:
    endpoints:
      - { host: a.example, ports: [80, 443], protocol: rest, enforcement: enforce, access: full, allow_encoded_slash: true }
    binaries: [{ path: /usr/bin/curl }]
`

// FuzzRequest sends any bytes in by any way, most of them inside TLS, and compares what the origin heard
// with what was judged: every request that arrives was judged, in that very form and in that order.
func FuzzRequest(f *testing.F) {
	for i, tt := range slices.Concat(framingRows, targetRows, hostRows, fieldRows, protocolRows) {
		for j := range modes {
			way := (i + j) % len(modes)
			if send := modes[way].fill(tt.send); len(send) < 4096 && j < 2 {
				f.Add([]byte(send), uint8(way))
			}
		}
	}
	for _, target := range []string{"/a/../b%2fc;d?x=%41&y=%zz", "?b", "/{a}|b^c`d\"<e>", "/%", "/??"} {
		f.Add([]byte(modes[0].fill(line(target))), uint8(0))
	}
	w := newCorpusWorld(f, openPolicy)
	b := books{places: map[net.Conn]int{}}
	f.Fuzz(func(t *testing.T, input []byte, way uint8) {
		w.send(t, modes[int(way)%len(modes)], input)
		all, problems := w.take()
		if len(problems) > 0 {
			t.Fatalf("the origin could not read: %v", problems)
		}
		for _, e := range w.sink.take() {
			if e.Verdict == "allow" {
				b.judged = append(b.judged, e.Method+" "+e.Host+" "+e.Target)
			}
		}
		for _, h := range all {
			if asked := h.method + " " + h.hostname() + " " + h.target; !b.strike(h.conn, asked) {
				t.Fatalf("the origin was asked %q, which was not judged, or not then", asked)
			}
		}
	})
}

// books are kept over all inputs: an origin may hear of a request when its client is long gone.
type books struct {
	judged []string         // "" once it was heard
	places map[net.Conn]int // behind what was last heard on each of the origin's connections
}

// strike finds what was judged, behind what came before on the same connection, and takes it out.
func (b *books) strike(c net.Conn, asked string) bool {
	for i := b.places[c]; i < len(b.judged); i++ {
		if b.judged[i] == asked {
			b.judged[i], b.places[c] = "", i+1
			return true
		}
	}
	return false
}

// send writes the input and then complete requests that close the connection, so that whatever the
// input left open, a body or half a head, comes to an end.
func (w *corpusWorld) send(t *testing.T, m mode, input []byte) {
	c := w.enter(t, m)
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	go func() {
		_, _ = c.Write(input)
		closing := m.fill("GET {t}/end HTTP/1.1\r\nHost: a.example:{p}\r\nConnection: close\r\n\r\n")
		for range 256 {
			if _, err := io.WriteString(c, closing); err != nil {
				return
			}
		}
		_ = c.(interface{ CloseWrite() error }).CloseWrite()
	}()
	_, _ = io.Copy(io.Discard, c)
}
