package proxy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// corpusPolicy has one host, with TLS and without, and a denied half.
const corpusPolicy = `version: 1
network_policies:
  a:
    endpoints:
      - host: a.example
        ports: [80, 443]
        protocol: rest
        enforcement: enforce
        rules:
          - allow: { method: GET, path: "/**" }
          - allow: { method: OPTIONS, path: "/**" }
          - allow: { method: POST, path: "/ok/**" }
        deny_rules:
          - { method: "*", path: "/admin/**" }
    binaries: [{ path: /usr/bin/curl }]
`

// row is one attack: what a client sends, what it must read, and what the origin must hear of it.
// A status may be "4xx", and "either" lets a request whose successor is malformed be answered or not.
// In send, {t} stands in front of a path where the whole URL goes in an absolute-form request (rows
// without {t} are not sent in that form), {u} for the URL of the same host, {p} for its port.
type row struct {
	id   string
	send string
	want string // the status of each answer; "!" at the end: the connection is over
	seen string // what the origin heard: requests separated by commas
}

// mode is a way in: a door, and what is spoken inside.
type mode struct {
	name, door string
	secure     bool
	absolute   bool // no tunnel: absolute-form requests to the explicit door
	piece      int  // bytes written at once; 0: all
}

var modes = []mode{
	{name: "transparent/tls", door: transparent, secure: true},
	{name: "transparent/plain", door: transparent},
	{name: "explicit/tls", door: explicit, secure: true},
	{name: "explicit/plain", door: explicit},
	{name: "absolute", door: explicit, absolute: true},
	{name: "pieces", door: transparent, piece: 3},
}

// TestCorpus sends every row in by every way. Beside what the row says it holds that the origin heard
// exactly the requests that were recorded as allowed, in that order.
func TestCorpus(t *testing.T) {
	rows := slices.Concat(framingRows, targetRows, hostRows, fieldRows, protocolRows)
	for _, m := range modes {
		t.Run(m.name, func(t *testing.T) {
			w := newCorpusWorld(t, corpusPolicy)
			ids := map[string]bool{}
			for _, tt := range rows {
				if ids[tt.id] {
					t.Errorf("two rows are called %q", tt.id)
				}
				ids[tt.id] = true
				if m.absolute && !strings.Contains(tt.send, "{t}") {
					continue
				}
				t.Run(tt.id, func(t *testing.T) { w.run(t, m, tt) })
			}
		})
	}
}

func (w *corpusWorld) run(t *testing.T, m mode, tt row) {
	if tt.seen == "either" {
		w = newCorpusWorld(t, corpusPolicy) // the origin may hear of it when the row is over
	}
	got := w.ask(t, m, m.fill(tt.send))
	want, ends := strings.CutSuffix(tt.want, "!")
	seen := strings.Split(tt.seen, ", ")
	if tt.seen == "" {
		seen = nil
	}
	statuses := strings.Fields(want)
	if !ends {
		statuses, seen = append(statuses, "200"), append(seen, "GET /end")
	}
	if !answers(statuses, got) {
		t.Errorf("answered %q, want %q", got, statuses)
	}
	w.hears(t, seen)
}

// answers compares statuses with a row's.
func answers(want, got []string) bool {
	if len(want) > 0 && want[0] == "either" {
		return len(got) <= 2
	}
	return slices.EqualFunc(want, got, func(want, got string) bool {
		return want == got || want == "4xx" && got[0] == '4'
	})
}

// hears compares the origin's view with a row and with the record.
func (w *corpusWorld) hears(t *testing.T, want []string) {
	t.Helper()
	all, problems := w.take()
	var got, allowed, asked []string
	for _, h := range all {
		got = append(got, h.String())
		asked = append(asked, fmt.Sprintf("%s %s %s", h.method, h.hostname(), h.target))
	}
	for _, e := range w.sink.take() {
		if e.Verdict == "allow" {
			allowed = append(allowed, fmt.Sprintf("%s %s %s", e.Method, e.Host, e.Target))
		}
	}
	if len(want) > 0 && want[0] == "either" {
		want = got[:min(len(got), 1)]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the origin heard (-want +got):\n%s", diff)
	}
	if !inOrder(asked, allowed) {
		t.Errorf("the origin heard %q, judged was %q", asked, allowed)
	}
	if len(problems) > 0 {
		t.Errorf("the origin could not read: %v", problems)
	}
}

// inOrder reports whether list has all of some, in that order. What was judged and then broke off in its
// body is in the record and was no request to the origin.
func inOrder(some, list []string) bool {
	for _, item := range list {
		if len(some) > 0 && some[0] == item {
			some = some[1:]
		}
	}
	return len(some) == 0
}

func (m mode) fill(send string) string {
	url, port := "http://a.example", "80"
	if m.secure {
		url, port = "https://a.example", "443"
	}
	prefix := ""
	if m.absolute {
		prefix = url
	}
	return strings.NewReplacer("{t}", prefix, "{u}", url, "{p}", port).Replace(send)
}
