package websocket_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"exeat/proxy/websocket"

	"github.com/google/go-cmp/cmp"
)

// rig is a relay between two raw ends.
type rig struct {
	*websocket.Relay
	client, server *end
	result         chan error
}

// newRig starts a relay over pipes. It changes nothing of a relay whose ends are set.
func newRig(r *websocket.Relay, silent bool) *rig {
	client, inner := net.Pipe()
	server, outer := net.Pipe()
	r.Client, r.Origin = inner, outer
	g := &rig{Relay: r, client: newEnd(client, false, silent), server: newEnd(server, true, silent), result: make(chan error, 1)}
	go func() { g.result <- r.Run(context.Background()) }()
	return g
}

// say writes as one side; that the relay has stopped reading is no error of the test's.
func say(e *end, frames ...frame) { _, _ = e.Write(wire(frames...)) }

func allow(_ websocket.Kind, m []byte) ([]byte, *websocket.Close) { return m, nil }

// judge refuses what contains "refuse", replaces "placeholder" and stumbles over "panic".
func judge(_ websocket.Kind, m []byte) ([]byte, *websocket.Close) {
	switch {
	case bytes.Contains(m, []byte("refuse")):
		return nil, &websocket.Close{Code: 1008, Reason: "not this one"}
	case bytes.Contains(m, []byte("panic")):
		panic("a parser's mistake")
	}
	return bytes.ReplaceAll(m, []byte("placeholder"), []byte("secret")), nil
}

// TestClientFrames sends frames as the client, and says what the server gets and what the client is told. Every row is run with a
// judge, and those that need none also without.
func TestClientFrames(t *testing.T) {
	bye := frame{op: closes, payload: status(1000, "bye")}
	broken := func(reason string) []string { return []string{"close 1002 " + reason} }
	for name, row := range map[string]struct {
		frames         []frame
		server, client []string
		judged         bool // needs the judge
	}{
		"two messages": {
			frames: []frame{{op: text, payload: "one"}, {op: binar, payload: "\x00\xff"}, bye},
			server: []string{`1 "one"`, `2 "\x00\xff"`, "close 1000 bye"}, client: []string{"close 1000 bye"},
		},
		"an empty message": {
			frames: []frame{{op: text}, bye}, server: []string{`1 ""`, "close 1000 bye"}, client: []string{"close 1000 bye"},
		},
		"fragments with a ping between": {
			frames: []frame{{op: text, part: true, payload: "a"}, {op: ping, payload: "?"}, {part: true}, {payload: "b"}, bye},
			server: []string{`9 "?"`, `1 "ab"`, "close 1000 bye"}, client: []string{"close 1000 bye"},
		},
		"a character split over fragments": {
			frames: []frame{{op: text, part: true, payload: "\xe2\x82"}, {payload: "\xac"}, bye},
			server: []string{`1 "€"`, "close 1000 bye"}, client: []string{"close 1000 bye"},
		},
		"a length longer than it need be": {
			frames: []frame{{op: text, length: 3, payload: "one"}, bye},
			server: []string{`1 "one"`, "close 1000 bye"}, client: []string{"close 1000 bye"},
		},
		"nothing passes behind a close frame": {
			frames: []frame{bye, {op: text, payload: "late"}}, server: []string{"close 1000 bye"}, client: []string{"close 1000 bye"},
		},
		"a close frame inside a message": {
			frames: []frame{{op: text, part: true, payload: "a"}, bye}, server: []string{"close 1000 bye"},
			client: []string{"close 1000 bye"}, judged: true,
		},
		"a close frame without status": {frames: []frame{{op: closes}}, server: []string{`8 ""`}, client: []string{`8 ""`}},
		"a refused message": {
			frames: []frame{{op: text, payload: "fine"}, {op: text, payload: "refuse me"}, {op: text, payload: "late"}},
			server: []string{`1 "fine"`, "close 1001 "}, client: []string{"close 1008 not this one"}, judged: true,
		},
		"a refused message in fragments": {
			frames: []frame{{op: text, part: true, payload: "ref"}, {payload: "use"}},
			server: []string{"close 1001 "}, client: []string{"close 1008 not this one"}, judged: true,
		},
		"a replaced message": {
			frames: []frame{{op: text, payload: `{"key":"placeholder"}`}, bye},
			server: []string{`1 "{\"key\":\"secret\"}"`, "close 1000 bye"}, client: []string{"close 1000 bye"}, judged: true,
		},
		"a judge that panics": {
			frames: []frame{{op: text, payload: "panic"}},
			server: []string{"close 1001 "}, client: []string{"close 1011 the message cannot be judged"}, judged: true,
		},
		"a message of the largest size": {
			frames: []frame{{op: binar, part: true, payload: strings.Repeat("x", 600)}, {payload: strings.Repeat("x", 424)}, bye},
			server: []string{`2 "` + strings.Repeat("x", 40) + `"`, "close 1000 bye"}, client: []string{"close 1000 bye"},
		},
		"a message one byte too large": {
			frames: []frame{{op: binar, part: true, payload: strings.Repeat("x", 600)}, {payload: strings.Repeat("x", 425)}},
			server: []string{"close 1001 "}, client: []string{"close 1009 a message is larger than 1024 bytes"}, judged: true,
		},
		"a frame of 2^62 bytes": {
			frames: []frame{{op: binar, length: 1 << 62}},
			server: []string{"close 1001 "}, client: []string{"close 1009 a message is larger than 1024 bytes"}, judged: true,
		},
		"not UTF-8": {
			frames: []frame{{op: text, payload: "\xff"}},
			server: []string{"close 1001 "}, client: []string{"close 1007 a text message is not UTF-8"}, judged: true,
		},
		"not UTF-8, split over fragments": {
			frames: []frame{{op: text, part: true, payload: "a\xe2\x82"}, {payload: "b"}},
			server: []string{"close 1001 "}, client: []string{"close 1007 a text message is not UTF-8"}, judged: true,
		},
		"unmasked": {
			frames: []frame{{op: text, bare: true, payload: "hello"}},
			server: []string{"close 1001 "}, client: broken("a frame of the client is not masked"),
		},
		"RSV1, as permessage-deflate sets it": {
			frames: []frame{{op: text, rsv: 4, payload: "hello"}},
			server: []string{"close 1001 "}, client: broken("a reserved bit is set, and no extension was agreed on"),
		},
		"RSV3 on a ping": {
			frames: []frame{{op: ping, rsv: 1}},
			server: []string{"close 1001 "}, client: broken("a reserved bit is set, and no extension was agreed on"),
		},
		"a reserved opcode": {
			frames: []frame{{op: 3, payload: "hello"}}, server: []string{"close 1001 "}, client: broken("a frame has a reserved opcode"),
		},
		"a reserved control opcode": {
			frames: []frame{{op: 11}}, server: []string{"close 1001 "}, client: broken("a frame has a reserved opcode"),
		},
		"a ping of 126 bytes": {
			frames: []frame{{op: ping, payload: strings.Repeat("x", 126)}},
			server: []string{"close 1001 "}, client: broken("a control frame is fragmented or larger than 125 bytes"),
		},
		"a fragmented ping": {
			frames: []frame{{op: ping, part: true}},
			server: []string{"close 1001 "}, client: broken("a control frame is fragmented or larger than 125 bytes"),
		},
		"a continuation of nothing": {
			frames: []frame{{payload: "b"}}, server: []string{"close 1001 "}, client: broken("a continuation frame continues nothing"),
		},
		"a message within another": {
			frames: []frame{{op: text, part: true, payload: "a"}, {op: text, payload: "b"}},
			server: []string{"close 1001 "}, client: broken("a message begins within another one"), judged: true,
		},
		"a length with its highest bit": {
			frames: []frame{{op: text, length: -1}},
			server: []string{"close 1001 "}, client: broken("a frame's length has its highest bit set"),
		},
		"half a status": {
			frames: []frame{{op: closes, payload: "\x03"}},
			server: []string{"close 1001 "}, client: broken("a close frame has no status that may be sent"),
		},
		"status 1006": {
			frames: []frame{{op: closes, payload: status(1006, "")}},
			server: []string{"close 1001 "}, client: broken("a close frame has no status that may be sent"),
		},
		"a reason that is not UTF-8": {
			frames: []frame{{op: closes, payload: status(1000, "\xff")}},
			server: []string{"close 1001 "}, client: []string{"close 1007 the reason in a close frame is not UTF-8"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			judges := []websocket.Judge{judge, nil}
			if row.judged {
				judges = judges[:1]
			}
			for _, j := range judges {
				synctest.Test(t, func(t *testing.T) {
					g := newRig(&websocket.Relay{Judge: j, MaxMessage: 1 << 10}, false)
					say(g.client, row.frames...)
					if diff := cmp.Diff(row.server, g.server.all()); diff != "" {
						t.Errorf("server, judged: %v\n%s", j != nil, diff)
					}
					if diff := cmp.Diff(row.client, g.client.all()); diff != "" {
						t.Errorf("client, judged: %v\n%s", j != nil, diff)
					}
					<-g.result
				})
			}
		})
	}
}

func TestServerFrames(t *testing.T) {
	blamed := []string{"close 1014 the server sent what WebSocket does not allow"}
	for name, row := range map[string]struct {
		frames         []frame
		client, server []string
	}{
		"messages, a ping, a close frame": {
			[]frame{{op: text, part: true, payload: "a"}, {op: ping}, {payload: "b"}, {op: closes, payload: status(4001, "done")}},
			[]string{`9 ""`, `1 "ab"`, "close 4001 done"},
			[]string{"close 4001 done"},
		},
		"masked":          {[]frame{{op: 1, payload: "a"}}, blamed, []string{"close 1002 a frame of the server is masked"}},
		"reserved opcode": {[]frame{{op: 7}}, blamed, []string{"close 1002 a frame has a reserved opcode"}},
		"RSV2":            {[]frame{{op: 1, rsv: 2}}, blamed, []string{"close 1002 a reserved bit is set, and no extension was agreed on"}},
		"pong of 126 bytes": {
			[]frame{{op: pong, payload: strings.Repeat("x", 126)}},
			blamed,
			[]string{"close 1002 a control frame is fragmented or larger than 125 bytes"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newRig(&websocket.Relay{Judge: allow, MaxMessage: 1 << 10}, false)
				for _, f := range row.frames {
					f.bare = name != "masked"
					say(g.server, f)
				}
				if diff := cmp.Diff(row.client, g.client.all()); diff != "" {
					t.Error("client", diff)
				}
				if diff := cmp.Diff(row.server, g.server.all()); diff != "" {
					t.Error("server", diff)
				}
				<-g.result
			})
		})
	}
}

// TestFreshMask has a client choose its masks: what it wants on the wire must not get there (RFC 6455 section 10.3).
func TestFreshMask(t *testing.T) {
	for name, j := range map[string]websocket.Judge{"judged": allow, "unread": nil} {
		t.Run(name, func(t *testing.T) {
			client, inner := net.Pipe()
			server, outer := net.Pipe()
			r := &websocket.Relay{Client: inner, Origin: outer, Judge: j, MaxMessage: 1 << 10}
			go func() { _ = r.Run(t.Context()) }()
			sent := frame{op: text, payload: "hello"}.bytes()
			masks := map[string]bool{string(sent[2:6]): true}
			for range 3 {
				_, _ = client.Write(sent)
				got := make([]byte, len(sent))
				_, _ = io.ReadFull(server, got)
				masks[string(got[2:6])] = true
			}
			if len(masks) != 4 {
				t.Errorf("masks %v", masks)
			}
			client.Close()
			server.Close()
		})
	}
}

// TestRunResult says what the caller learns of how a connection ended.
func TestRunResult(t *testing.T) {
	for name, row := range map[string]struct {
		act  func(g *rig)
		want string
		code uint16
	}{
		"closed by the client": {func(g *rig) { say(g.client, frame{op: closes}) }, "", 0},
		"closed by the server": {func(g *rig) { say(g.server, frame{op: closes, bare: true}) }, "", 0},
		"the client goes away": {func(g *rig) { g.client.Close() }, "the client went away without a close frame", 0},
		"the server goes away": {func(g *rig) { g.server.Close() }, "the server went away without a close frame", 0},
		"a refused message":    {func(g *rig) { say(g.client, frame{op: 1, payload: "refuse"}) }, "closed with status 1008: not this one", 1008},
		"the server's mistake": {func(g *rig) { say(g.server, frame{op: 1}) }, "closed with status 1002: a frame of the server is masked", 1002},
		"ended":                {func(g *rig) { g.End(websocket.Close{Code: 1012, Reason: "policy"}) }, "closed with status 1012: policy", 1012},
		"the server closes and goes, and the client answers": {
			func(g *rig) {
				say(g.server, frame{op: closes, bare: true})
				g.server.Close()
			}, "", 0,
		},
		"a judge that panicked": {
			func(g *rig) { say(g.client, frame{op: 1, payload: "panic"}) },
			"judging a message panicked with a parser's mistake", 1011,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newRig(&websocket.Relay{Judge: judge, MaxMessage: 1 << 10}, false)
				row.act(g)
				err := <-g.result
				if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
					t.Errorf("got %v, want %q", err, row.want)
				}
				var c *websocket.Close
				if errors.As(err, &c) != (row.code != 0) || c != nil && c.Code != row.code {
					t.Errorf("got %v, want status %d", err, row.code)
				}
			})
		})
	}
}
