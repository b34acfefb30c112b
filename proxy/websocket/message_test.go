package websocket_test

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"exeat/proxy/websocket"

	"github.com/google/go-cmp/cmp"
)

// censor replaces "secret", lengthens "grow", ends a message that says "refuse", and stumbles over "panic".
func censor(r io.Reader) io.Reader { return &censored{in: r} }

type censored struct {
	in  io.Reader
	out *bytes.Reader
}

func (c *censored) Read(b []byte) (int, error) {
	if c.out == nil {
		all, err := io.ReadAll(c.in)
		switch {
		case err != nil:
			return 0, err
		case bytes.Contains(all, []byte("refuse")):
			return 0, &websocket.Close{Code: 1008, Reason: "not this one"}
		case bytes.Contains(all, []byte("panic")):
			panic("a filter's mistake")
		}
		c.out = bytes.NewReader([]byte(strings.NewReplacer("secret", "xxx", "grow", "longer than it was").Replace(string(all))))
	}
	return c.out.Read(b)
}

// TestFilters has messages pass through a filter in both directions.
func TestFilters(t *testing.T) {
	bye, long := frame{op: closes, payload: status(1000, "bye")}, strings.Repeat("secret", 20<<10)
	for name, row := range map[string]struct {
		frames   []frame
		passed   []string
		returned []string // what comes back to who said it
	}{
		"as it is":                      {[]frame{{op: text, payload: "one"}, {op: binar, payload: "\x00"}, bye}, []string{`1 "one"`, `2 "\x00"`, "close 1000 bye"}, nil},
		"replaced":                      {[]frame{{op: text, payload: "a secret"}, bye}, []string{`1 "a xxx"`, "close 1000 bye"}, nil},
		"replaced over frames":          {[]frame{{op: text, part: true, payload: "a sec"}, {part: true}, {payload: "ret"}, bye}, []string{`1 "a xxx"`, "close 1000 bye"}, nil},
		"a ping within a message":       {[]frame{{op: text, part: true, payload: "sec"}, {op: ping, payload: "?"}, {payload: "ret"}, bye}, []string{`9 "?"`, `1 "xxx"`, "close 1000 bye"}, nil},
		"control frames":                {[]frame{{op: ping, payload: "a secret\xff"}, {op: pong, payload: "secret"}, {op: closes, payload: status(1000, "no secret")}}, []string{`9 "a xxx\xff"`, `a "xxx"`, "close 1000 no xxx"}, nil},
		"a reason that grows":           {[]frame{{op: closes, payload: status(1000, strings.Repeat("x", 118)+"grow")}}, []string{"close 1000 " + strings.Repeat("x", 118) + "longe"}, nil},
		"a refused ping":                {[]frame{{op: ping, payload: "refuse"}}, []string{"close 1001 "}, []string{"close 1008 not this one"}},
		"a refused reason":              {[]frame{{op: closes, payload: status(1000, "refuse")}}, []string{"close 1001 "}, []string{"close 1008 not this one"}},
		"a panic over a ping":           {[]frame{{op: ping, payload: "panic"}}, []string{"close 1001 "}, []string{"close 1011 the message cannot be read"}},
		"an empty message":              {[]frame{{op: text}, {op: text, part: true}, {}, bye}, []string{`1 ""`, `1 ""`, "close 1000 bye"}, nil},
		"the connection closes within":  {[]frame{{op: text, part: true, payload: "sec"}, bye}, []string{"close 1000 bye"}, nil},
		"longer than a buffer":          {[]frame{{op: text, payload: long}, bye}, []string{`1 "` + strings.Repeat("xxx", 20<<10)[:40] + `"`, "close 1000 bye"}, nil},
		"refused":                       {[]frame{{op: text, payload: "refuse"}, {op: text, payload: "late"}}, []string{"close 1001 "}, []string{"close 1008 not this one"}},
		"a panic":                       {[]frame{{op: text, payload: "panic"}}, []string{"close 1001 "}, []string{"close 1011 the message cannot be read"}},
		"a reserved bit within":         {[]frame{{op: text, part: true, payload: "a"}, {rsv: 4}}, []string{"close 1001 "}, []string{"close 1002 a reserved bit is set, and no extension was agreed on"}},
		"a message within another":      {[]frame{{op: text, part: true, payload: "a"}, {op: text}}, []string{"close 1001 "}, []string{"close 1002 a message begins within another one"}},
		"a close frame that is no good": {[]frame{{op: text, part: true, payload: "a"}, {op: closes, payload: "\x03"}}, []string{"close 1001 "}, []string{"close 1002 a close frame has no status that may be sent"}},
	} {
		for _, outward := range []bool{true, false} {
			t.Run(name+map[bool]string{true: "/outward", false: "/inward"}[outward], func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := &websocket.Relay{}
					if outward {
						r.Outward = censor
					} else {
						r.Inward = censor
					}
					g := newRig(r, false)
					from, to := g.client, g.server
					if !outward {
						from, to = g.server, g.client
					}
					for _, f := range row.frames {
						f.bare = !outward
						say(from, f)
					}
					if outward || row.returned == nil { // of the server's faults the client learns otherwise, see TestServerFrames
						if diff := cmp.Diff(row.passed, to.all()); diff != "" {
							t.Error(diff)
						}
					}
					if got := from.all(); row.returned != nil {
						if diff := cmp.Diff(row.returned, got); diff != "" {
							t.Error(diff)
						}
					}
					to.all()
					<-g.result
				})
			})
		}
	}
}
