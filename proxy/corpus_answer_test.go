package proxy_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

const (
	ok200 = "HTTP/1.1 200 OK\r\n"
	pause = "<pause>"
)

// answer is a way in which an origin misbehaves: what it writes once it has read a request, and what of
// it the client must see. A body that broke off must be seen to.
type answer struct {
	id     string
	writes string // in one piece, but for pieces separated by pause
	holds  bool   // the origin does not hang up
	status int
	body   string
	breaks bool
}

var answerRows = []answer{
	{"plain", ok200 + "Content-Length: 2\r\n\r\nok", true, 200, "ok", false},
	{"chunks", ok200 + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", true, 200, "ok", false},
	{"ends with the connection", ok200 + "\r\nok", false, 200, "ok", false},
	{"no body", "HTTP/1.1 204 No Content\r\n\r\n", true, 204, "", false},
	{"a body where none can be", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello", true, 204, "", false},

	{"two lengths", ok200 + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nok!", true, 502, "", false},
	{"a length that is none", ok200 + "Content-Length: two\r\n\r\nok", true, 502, "", false},
	{"a length below zero", ok200 + "Content-Length: -2\r\n\r\nok", true, 502, "", false},
	{"an unknown coding", ok200 + "Transfer-Encoding: gzip\r\n\r\nok", false, 502, "", false},
	{"length and chunks", ok200 + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", true, 200, "ok", false},
	{"shorter than its length", ok200 + "Content-Length: 5\r\n\r\nok", false, 200, "ok", true},
	{"longer than its length", ok200 + "Content-Length: 2\r\n\r\nok, and " + ok200 + "\r\n", true, 200, "ok", false},
	{"dies in a chunk", ok200 + "Transfer-Encoding: chunked\r\n\r\n5\r\nok", false, 200, "ok", true},
	{"dies between chunks", ok200 + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", false, 200, "ok", true},
	{"a chunk's size is none", ok200 + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\nzz\r\n", true, 200, "ok", true},
	{"a chunk that is too long", ok200 + "Transfer-Encoding: chunked\r\n\r\n2\r\nokay\r\n0\r\n\r\n", true, 200, "ok", true},

	{"says nothing", "", false, 502, "", false},
	{"hangs before its head", "", true, 504, "", false},
	{"hangs in its head", ok200 + "Content-Le", true, 504, "", false},
	{"dies in its head", ok200 + "Content-Le", false, 502, "", false},
	{"a head of 1 MiB", ok200 + "X: " + strings.Repeat("y", 1<<20) + "\r\n\r\nok", true, 502, "", false},
	{"a head without end", ok200 + strings.Repeat("X: y\r\n", 200_000), true, 502, "", false},
	{"no HTTP", "SSH-2.0-OpenSSH_9.2\r\n", true, 502, "", false},
	{"no status", "HTTP/1.1 OK\r\n\r\n", true, 502, "", false},
	{"status 0", "HTTP/1.1 000 Zero\r\nContent-Length: 2\r\n\r\nok", true, 502, "", false},
	{"status 99", "HTTP/1.1 099 x\r\nContent-Length: 2\r\n\r\nok", true, 502, "", false},
	{"status of four digits", "HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok", true, 502, "", false},
	{"a name with a space", ok200 + "Content-Length : 1\r\n\r\nok", false, 200, "ok", false},
	{"a field without a colon", ok200 + "Content-Length 2\r\n\r\nok", true, 502, "", false},
	{"HTTP/2", "\x00\x00\x00\x04\x00\x00\x00\x00\x00", true, 504, "", false},

	{"101 unasked", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nhi", true, 502, "", false},
	{"100 unasked", "HTTP/1.1 100 Continue\r\n\r\n" + ok200 + "Content-Length: 2\r\n\r\nok", true, 200, "ok", false},
	{"some hints", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + ok200 + "Content-Length: 2\r\n\r\nok", true, 200, "ok", false},
	{"hints without end", strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", 50_000), true, 502, "", false},

	{"a field that splits", ok200 + "X: a\rSet-Cookie: b\r\nContent-Length: 2\r\n\r\nok", true, 502, "", false},
	{"a denial that is none of ours", "HTTP/1.1 403 denied by exeat: 7\r\nX-Exeat-Denial: 7\r\nContent-Length: 2\r\n\r\nno", true, 403, "no", false},
	{"a body like an answer of net/http", ok200 + "Content-Length: 99\r\n\r\nok" + pause + lookalike, true, 200, "ok" + lookalike, false},
}

// lookalike is what net/http writes about a request that it cannot parse.
const lookalike = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\nit is not"

// TestAnswers: whatever an origin does, the client sees one whole answer, or one that visibly broke.
func TestAnswers(t *testing.T) {
	for _, m := range modes[:5] { // the request's pieces change nothing
		for _, tt := range answerRows {
			t.Run(m.name+"/"+tt.id, func(t *testing.T) {
				t.Parallel()
				w := newAnswerWorld(t, tt)
				c := w.enter(t, m)
				_, _ = io.WriteString(c, m.fill("GET {t}/1 HTTP/1.1\r\nHost: a.example:{p}\r\n\r\n"))
				r := bufio.NewReader(c)
				resp, err := http.ReadResponse(r, nil)
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(resp.Body)
				if resp.StatusCode != tt.status || (err != nil) != tt.breaks {
					t.Errorf("got %s, %v", resp.Status, err)
				}
				ours := tt.status == 502 || tt.status == 504
				if !ours && string(body) != tt.body || ours && !strings.Contains(string(body), "upstream_") {
					t.Errorf("got %q, want %q", body, tt.body)
				}
				if id := resp.Header.Get("X-Exeat-Denial"); !ours && id != "" || resp.Header.Get("Set-Cookie") != "" {
					t.Errorf("got the fields %v", resp.Header)
				}
				if got := w.sink.all(); len(got) != 1 || got[0].Verdict != "allow" {
					t.Errorf("recorded %s", w.sink.verdicts())
				}
			})
		}
	}
}

func newAnswerWorld(t *testing.T, tt answer) *corpusWorld {
	w := newCorpusWorld(t, corpusPolicy)
	w.server.SetResponseHeaderTimeout(2 * time.Second)
	config, err := w.public.Config("a.example")
	if err != nil {
		t.Fatal(err)
	}
	reply := func(c net.Conn) {
		if _, err := hear(bufio.NewReader(c), c); err != nil {
			return
		}
		for piece := range strings.SplitSeq(tt.writes, pause) {
			_, _ = io.WriteString(c, piece)
			time.Sleep(time.Duration(strings.Count(tt.writes, pause)) * 20 * time.Millisecond)
		}
		if tt.holds {
			_, _ = io.Copy(io.Discard, c)
		}
		c.Close()
	}
	w.tcp("a.example", 80, reply)
	w.tcp("a.example", 443, func(c net.Conn) { reply(tls.Server(c, config)) })
	return w
}

// TestAnswerBeforeTheRequestEnds: an origin may answer early. The answer comes through, and what is left
// of the request is not taken for another one.
func TestAnswerBeforeTheRequestEnds(t *testing.T) {
	for _, m := range modes {
		t.Run(m.name, func(t *testing.T) {
			w := newCorpusWorld(t, corpusPolicy)
			config, _ := w.public.Config("a.example")
			early := func(c net.Conn) {
				r := bufio.NewReader(c)
				if h, err := hearHead(r); err != nil || h.target != "/ok/1" {
					t.Errorf("the origin heard %s %v", h, err)
				}
				_, _ = io.WriteString(c, "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
				_, _ = io.Copy(io.Discard, r)
			}
			w.tcp("a.example", 80, early)
			w.tcp("a.example", 443, func(c net.Conn) { early(tls.Server(c, config)) })
			c := w.enter(t, m)
			fmt.Fprint(c, m.fill(post+"Content-Length: 1000000\r\n\r\n"+strings.Repeat("GET /hidden HTTP/1.1\r\n", 100)))
			resp, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			if body, err := io.ReadAll(resp.Body); resp.StatusCode != 413 || string(body) != "no" {
				t.Errorf("got %s %q %v", resp.Status, body, err)
			}
		})
	}
}
