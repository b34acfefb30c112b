package websocket_test

import (
	"bufio"
	"net/http"
	"strings"
	"testing"

	"exeat/proxy/websocket"

	"github.com/google/go-cmp/cmp"
)

// upgrade is the example of RFC 6455 section 1.3, with what browsers add.
const upgrade = "GET /chat HTTP/1.1\r\nHost: server.example\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Version: 13\r\n" +
	"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"

const switching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n\r\n"

func TestPrepare(t *testing.T) {
	r := parse(t, upgrade)
	if err := websocket.Prepare(r); err != nil {
		t.Fatal(err)
	}
	want := http.Header{
		"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-Websocket-Version": {"13"},
		"Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}, "Sec-Websocket-Protocol": {"chat, superchat"},
	}
	if diff := cmp.Diff(want, r.Header); diff != "" {
		t.Error(diff)
	}
}

func TestPrepareRefuses(t *testing.T) {
	for name, row := range map[string]struct{ old, new, want string }{
		"POST":                    {"GET", "POST", "method is not GET"},
		"HTTP/1.0":                {"HTTP/1.1", "HTTP/1.0", "not HTTP/1.1"},
		"body":                    {"Host:", "Content-Length: 5\r\nHost:", "has a body"},
		"chunked body":            {"Host:", "Transfer-Encoding: chunked\r\nHost:", "has a body"},
		"no Upgrade":              {"Upgrade: WebSocket\r\n", "", "does not ask for websocket"},
		"two protocols":           {"Upgrade: WebSocket", "Upgrade: websocket, h2c", "does not ask for websocket"},
		"two Upgrade lines":       {"Upgrade: WebSocket", "Upgrade: websocket\r\nUpgrade: h2c", "does not ask for websocket"},
		"Connection without it":   {"keep-alive, Upgrade", "keep-alive", "does not ask for websocket"},
		"version 8":               {"Version: 13", "Version: 8", "Version is not 13"},
		"two versions":            {"Version: 13", "Version: 13\r\nSec-WebSocket-Version: 8", "Version is not 13"},
		"no key":                  {"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", "not 16 bytes"},
		"key of 15 bytes":         {"dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25j", "not 16 bytes"},
		"key of 17 bytes":         {"dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZWU=", "not 16 bytes"},
		"key with loose end bits": {"dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZR==", "not 16 bytes"},
		"two keys":                {"Host:", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nHost:", "not 16 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			r := parse(t, strings.Replace(upgrade, row.old, row.new, 1))
			before := r.Header.Clone()
			err := websocket.Prepare(r)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want %q", err, row.want)
			}
			if diff := cmp.Diff(before, r.Header); diff != "" {
				t.Error("the header was changed", diff)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	for name, row := range map[string]struct{ old, new, want string }{
		"the example of the RFC": {},
		"no sub-protocol":        {"Sec-WebSocket-Protocol: chat\r\n", "", ""},
		"status 200":             {"101 Switching Protocols", "200 OK", "status is 200"},
		"another protocol":       {"Upgrade: websocket", "Upgrade: h2c", "does not switch"},
		"no Connection":          {"Connection: Upgrade\r\n", "", "does not switch"},
		"no Accept":              {"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", "", "Accept does not belong"},
		"another key's Accept":   {"s3pP", "S3pP", "Accept does not belong"},
		"two Accepts":            {"Upgrade:", "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nUpgrade:", "Accept does not belong"},
		"an extension":           {"Upgrade:", "Sec-WebSocket-Extensions: permessage-deflate\r\nUpgrade:", "uses an extension"},
		"sub-protocol not asked": {"Protocol: chat", "Protocol: mqtt", `"mqtt", which was not offered`},
		"sub-protocol's case":    {"Protocol: chat", "Protocol: Chat", `"Chat", which was not offered`},
		"two sub-protocols":      {"Upgrade:", "Sec-WebSocket-Protocol: superchat\r\nUpgrade:", "more than one"},
		"a list of them":         {"Protocol: chat", "Protocol: chat, superchat", "not offered"},
	} {
		t.Run(name, func(t *testing.T) {
			request := parse(t, upgrade)
			text := strings.NewReader(strings.Replace(switching, row.old, row.new, 1))
			response, err := http.ReadResponse(bufio.NewReader(text), request)
			if err != nil {
				t.Fatal(err)
			}
			err = websocket.Check(request.Header, response)
			if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want %q", err, row.want)
			}
		})
	}
}

func parse(t *testing.T, text string) *http.Request {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}
