package websocket_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"exeat/proxy/websocket"

	"github.com/google/go-cmp/cmp"
)

// TestEnds says what each side reads when a connection ends, and how long that takes. That the bubble of synctest ends proves that no
// goroutine stays.
func TestEnds(t *testing.T) {
	gone, bye := []string{"close 1001 "}, frame{op: closes, payload: status(1000, "")}
	for name, row := range map[string]struct {
		silent         bool
		act            func(g *rig)
		client, server []string
		took           time.Duration
	}{
		"End": {
			act:    func(g *rig) { g.End(websocket.Close{Code: 1012, Reason: "policy"}) },
			client: []string{"close 1012 policy"}, server: gone,
		},
		"End with a last message": {
			act:    func(g *rig) { g.End(websocket.Close{Code: 1012, Reason: "policy", Last: "bye"}) },
			client: []string{`1 "bye"`, "close 1012 policy"}, server: gone,
		},
		"a last message amid another": {
			act: func(g *rig) {
				say(g.server, frame{op: text, bare: true, part: true, payload: "begun"})
				synctest.Wait()
				g.End(websocket.Close{Code: 1012, Reason: "policy", Last: "bye"})
			},
			client: []string{"close 1012 policy"}, server: gone,
		},
		"End while both sides are silent": {
			silent: true, act: func(g *rig) { g.End(websocket.Close{Code: 1012}) },
			client: []string{"close 1012 "}, server: gone, took: 500 * time.Millisecond,
		},
		"the first End counts": {
			act:    func(g *rig) { g.End(websocket.Close{Code: 1012}); g.End(websocket.Close{Code: 1008}) },
			client: []string{"close 1012 "}, server: gone,
		},
		"a status that must not be sent, and a long reason": {
			act:    func(g *rig) { g.End(websocket.Close{Code: 1005, Reason: strings.Repeat("€", 42)}) },
			client: []string{"close 1008 " + strings.Repeat("€", 41)}, server: gone,
		},
		"a refusal while both sides are silent": {
			silent: true, act: func(g *rig) { say(g.client, frame{op: text, payload: "refuse"}) },
			client: []string{"close 1008 not this one"}, server: gone, took: 500 * time.Millisecond,
		},
		"a close frame of the client that nobody answers": {
			silent: true, act: func(g *rig) { say(g.client, bye) },
			client: []string{"close 1001 a close frame was not answered"}, server: []string{"close 1000 "}, took: 10500 * time.Millisecond,
		},
		"a close frame of the server that nobody answers": {
			silent: true, act: func(g *rig) { say(g.server, frame{op: closes, bare: true, payload: status(1000, "")}) },
			client: []string{"close 1000 "}, server: gone, took: 10500 * time.Millisecond,
		},
		"the client goes away": {
			act: func(g *rig) { g.client.Close() }, server: gone,
		},
		"the client goes away within a frame": {
			act:    func(g *rig) { say(g.client, frame{op: text, length: 9, payload: "part"}); g.client.Close() },
			server: gone,
		},
		"the server goes away": {
			act: func(g *rig) { g.server.Close() }, client: gone,
		},
		"the server goes away instead of answering a close frame": {
			silent: true, act: func(g *rig) { say(g.client, bye); synctest.Wait(); g.server.Close() },
			client: gone, server: []string{"close 1000 "},
		},
		"the server closes and goes, and the client answers": {
			silent: true,
			act: func(g *rig) {
				say(g.server, frame{op: closes, bare: true, payload: status(1000, "")})
				g.server.Close()
				synctest.Wait()
				say(g.client, bye)
			},
			client: []string{"close 1000 "},
		},
		"nobody says anything": {
			act: func(*rig) {}, client: []string{"close 1001 nothing was sent for 2m0s"}, server: gone, took: 2 * time.Minute,
		},
		"pings keep it": {
			act: func(g *rig) {
				time.Sleep(time.Minute)
				say(g.server, frame{op: ping, bare: true})
			},
			client: []string{`9 ""`, "close 1001 nothing was sent for 2m0s"}, server: gone, took: 3 * time.Minute,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newRig(&websocket.Relay{Judge: judge, MaxMessage: 1 << 10, Idle: 2 * time.Minute}, row.silent)
				began := time.Now()
				row.act(g)
				if diff := cmp.Diff(row.client, g.client.all()); diff != "" {
					t.Error("client", diff)
				}
				if diff := cmp.Diff(row.server, g.server.all()); diff != "" {
					t.Error("server", diff)
				}
				<-g.result
				if took := time.Since(began); took != row.took {
					t.Errorf("took %v, want %v", took, row.took)
				}
			})
		})
	}
}

func TestEndBeforeRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &websocket.Relay{MaxMessage: 1 << 10, Judge: func(websocket.Kind, []byte) ([]byte, *websocket.Close) {
			t.Error("the judge was asked")
			return nil, nil
		}}
		client, inner := net.Pipe()
		server, outer := net.Pipe()
		r.Client, r.Origin = inner, outer
		r.End(websocket.Close{Code: 1012})
		c, s := newEnd(client, false, false), newEnd(server, true, false)
		go say(c, frame{op: text, payload: "revoked"})
		if err := r.Run(t.Context()); err == nil {
			t.Error("no error")
		}
		if diff := cmp.Diff([]string{"close 1001 "}, s.all()); diff != "" {
			t.Error("server", diff)
		}
		if diff := cmp.Diff([]string{"close 1012 "}, c.all()); diff != "" {
			t.Error("client", diff)
		}
	})
}

// TestEndDuringJudgement revokes a connection while a judge thinks: what it then allows must not pass.
func TestEndDuringJudgement(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		r := &websocket.Relay{MaxMessage: 1 << 10}
		r.Judge = func(_ websocket.Kind, m []byte) ([]byte, *websocket.Close) {
			asked++
			r.End(websocket.Close{Code: 1012})
			return m, nil
		}
		g := newRig(r, false)
		say(g.client, frame{op: text, payload: "one"}, frame{op: text, payload: "two"})
		if diff := cmp.Diff([]string{"close 1001 "}, g.server.all()); diff != "" {
			t.Error(diff)
		}
		if <-g.result; asked != 1 {
			t.Errorf("the judge was asked %d times", asked)
		}
	})
}

func TestCancelledContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, inner := net.Pipe()
		server, outer := net.Pipe()
		c, s := newEnd(client, false, false), newEnd(server, true, false)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_ = (&websocket.Relay{Client: inner, Origin: outer}).Run(ctx)
		if diff := cmp.Diff([][]string{{"close 1001 "}, {"close 1001 "}}, [][]string{c.all(), s.all()}); diff != "" {
			t.Error(diff)
		}
	})
}

// room has place for so many bytes.
type room struct{ left int64 }

func (r *room) Take(n int64) bool {
	if n > r.left {
		return false
	}
	r.left -= n
	return true
}

func (r *room) Give(n int64) { r.left += n }

// TestRoom ensures that messages which are not whole share what there is, and that whole ones give it back.
func TestRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &room{left: 10}
		allow := func(_ websocket.Kind, message []byte) ([]byte, *websocket.Close) { return message, nil }
		g := newRig(&websocket.Relay{MaxMessage: 1 << 10, Judge: allow, Room: r}, false)
		for range 3 {
			say(g.client, frame{op: text, payload: "12345678"})
		}
		synctest.Wait()
		if r.left != 10 {
			t.Errorf("%d bytes are left after whole messages", r.left)
		}
		say(g.client, frame{op: text, part: true, payload: "12345678"})
		say(g.client, frame{op: more, payload: "123"})
		if diff := cmp.Diff([]string{"close 1013 the messages of other connections take all the room there is for reading them"}, g.client.all()); diff != "" {
			t.Error(diff)
		}
		<-g.result
	})
}
