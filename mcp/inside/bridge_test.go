package inside_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"exeat/mcp/inside"
)

func readAll(t *testing.T, r *http.Response) string {
	t.Helper()
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// bridged is a client at the other end of a bridge.
type bridged struct {
	t     *testing.T
	in    *io.PipeWriter
	lines *bufio.Scanner
	ended chan error
}

func bridge(t *testing.T, url string) *bridged {
	t.Helper()
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	b := &bridged{t: t, in: inW, lines: bufio.NewScanner(outR), ended: make(chan error, 1)}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	go func() {
		b.ended <- inside.Bridge(ctx, url, inR, outW)
		outW.Close()
	}()
	return b
}

func (b *bridged) say(line string) {
	b.t.Helper()
	if _, err := io.WriteString(b.in, line+"\n"); err != nil {
		b.t.Fatal(err)
	}
}

// hear returns the next message.
func (b *bridged) hear() string {
	b.t.Helper()
	if !b.lines.Scan() {
		b.t.Fatal("the bridge has ended")
	}
	if !json.Valid(b.lines.Bytes()) {
		b.t.Fatalf("not a message: %q", b.lines.Text())
	}
	return b.lines.Text()
}

func (b *bridged) end() {
	b.t.Helper()
	b.in.Close()
	if err := <-b.ended; err != nil {
		b.t.Error(err)
	}
}

// TestBridge ensures that both eras pass through a bridge, and that a call that
// waits holds up no other.
func TestBridge(t *testing.T) {
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			v := newView(t)
			b, meta := bridge(t, serve(t, v).url), ""
			if version == modern {
				meta = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}},`
			} else {
				b.say(`{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"` + version + `","capabilities":{},"clientInfo":{"name":"raw","version":"1"}}}`)
				if got := b.hear(); !strings.Contains(got, version) {
					t.Errorf("got %s", got)
				}
				b.say(`{"jsonrpc":"2.0","method":"notifications/initialized"}`)
			}
			call := func(id int, name, arguments string) {
				b.say(fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{%s"name":%q,"arguments":%s}}`, id, meta, name, arguments))
			}
			call(1, "await_change", `{"denial_id":1,"wait_seconds":50}`)
			until(t, "it waits", func() bool { return v.asked() == 1 })
			call(2, "list_denials", `{}`)
			if got := b.hear(); !strings.Contains(got, `"id":2`) || !strings.Contains(got, "api.example.com") {
				t.Errorf("got %s", got)
			}
			v.load(t, strings.Replace(readOnly, "read-only,", "full,", 1))
			if got := b.hear(); !strings.Contains(got, `"id":1`) || !strings.Contains(got, `"allowed":true`) {
				t.Errorf("got %s", got)
			}
			call(3, "approve", `{}`)
			if got := b.hear(); !strings.Contains(got, `"error"`) || !strings.Contains(got, `"id":3`) {
				t.Errorf("got %s", got)
			}
			b.end()
		})
	}
}

// TestBridgeFails ensures that a request is answered under its own id whatever
// happens behind the bridge, and a notification never.
func TestBridgeFails(t *testing.T) {
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no \"such\"\npage", http.StatusBadGateway)
	}))
	defer broken.Close()
	for _, url := range []string{broken.URL, "http://127.0.0.1:1/mcp"} {
		b := bridge(t, url)
		b.say(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{}}`)
		b.say("")
		b.say(`{"jsonrpc":"2.0","id":"seven","method":"tools/list"}`)
		got := b.hear()
		if !strings.Contains(got, `"seven"`) || !strings.Contains(got, `"error"`) {
			t.Errorf("%s: got %s", url, got)
		}
		b.end()
	}
}

// TestBridgeGone ensures that a bridge does not outlive a client that left a
// call waiting.
func TestBridgeGone(t *testing.T) {
	t.Parallel() // it takes the time that last answers are given
	v := newView(t)
	b := bridge(t, serve(t, v).url)
	b.say(`{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"raw","version":"1"}}}`)
	b.hear()
	b.say(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"await_change","arguments":{"denial_id":1,"wait_seconds":50}}}`)
	until(t, "it waits", func() bool { return v.asked() == 1 })
	b.in.Close()
	if got := b.hear(); !strings.Contains(got, `"id":1`) {
		t.Errorf("got %s", got)
	}
	if err := <-b.ended; err != nil {
		t.Error(err)
	}
}
