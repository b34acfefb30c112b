package websocket_test

import (
	"bytes"
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"exeat/proxy/websocket"
)

// FuzzClientFrames lets a client write anything. What a strict server reads as messages are exactly those that the judge allowed, as
// it returned them and in their order, and everything else that it reads is well-formed.
func FuzzClientFrames(f *testing.F) {
	for _, seed := range [][]frame{
		{{op: text, payload: "one"}, {op: binar, payload: "two"}, {op: closes, payload: status(1000, "bye")}},
		{{op: text, part: true, payload: "pl"}, {op: ping, payload: "?"}, {payload: "aceholder"}, {op: text, payload: "three"}},
		{{op: binar, part: true, payload: "re"}, {part: true}, {payload: "fuse"}, {op: text, payload: "late"}},
		{{op: text, payload: "panic"}},
		{{op: text, payload: "\xff"}},
		{{op: text, rsv: 4, payload: "deflate"}},
		{{op: 3}},
		{{}},
		{{op: text, bare: true, payload: "hello"}},
		{{op: text, length: 5, payload: "hello"}, {op: pong}},
		{{op: ping, payload: strings.Repeat("p", 126)}},
		{{op: text, length: -1}},
		{{op: binar, length: 1 << 40, payload: "x"}},
		{{op: text, payload: "a"}, {op: closes}, {op: text, payload: "b"}},
		{{op: closes, payload: status(1005, "")}},
		{{op: binar, payload: strings.Repeat("m", 300)}, {op: binar, payload: strings.Repeat("m", 3000)}},
	} {
		f.Add(wire(seed...))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var allowed []message
		record := func(kind websocket.Kind, m []byte) ([]byte, *websocket.Close) {
			passed, refused := judge(kind, m)
			if refused == nil {
				allowed = append(allowed, message{byte(kind), string(passed)})
			}
			return passed, refused
		}
		server, outer := net.Pipe()
		r := &websocket.Relay{Client: &script{Reader: bytes.NewReader(data)}, Origin: outer, Judge: record, MaxMessage: 1 << 10}
		e := newEnd(server, true, false)
		_ = r.Run(t.Context())
		if <-e.done; e.err != nil {
			t.Fatal(e.err)
		}
		got := slices.DeleteFunc(e.got, func(m message) bool { return m.op >= closes })
		if !slices.Equal(got, allowed) {
			t.Fatalf("the server read\n%q, allowed was\n%q", got, allowed)
		}
	})
}

// FuzzUnreadFrames does the same without a judge: a strict server reads the messages of the client that a strict server behind no
// relay would have read, and nothing else.
func FuzzUnreadFrames(f *testing.F) {
	f.Add(wire(frame{op: text, part: true, payload: "a"}, frame{op: ping}, frame{payload: "b"}, frame{op: closes}))
	f.Add(wire(frame{op: binar, payload: strings.Repeat("m", 3000)}, frame{op: text, bare: true}))
	f.Fuzz(func(t *testing.T, data []byte) {
		server, outer := net.Pipe()
		e := newEnd(server, true, false)
		_ = (&websocket.Relay{Client: &script{Reader: bytes.NewReader(data)}, Origin: outer}).Run(t.Context())
		if <-e.done; e.err != nil {
			t.Fatal(e.err)
		}
		direct := reader{in: bytes.NewReader(data), masked: true}
		for _, got := range e.got {
			want, err := direct.next()
			if got.op == closes && got.text == status(1001, "") {
				return // the relay's own
			}
			if err == nil && got != want {
				t.Fatalf("the server read %v, the client wrote %v", got, want)
			}
		}
	})
}

// script is a client that has said everything already and throws away what it is told.
type script struct{ io.Reader }

func (*script) Write(b []byte) (int, error) { return len(b), nil }
func (*script) Close() error                { return nil }
