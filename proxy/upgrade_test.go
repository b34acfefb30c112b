package proxy_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

const socketPolicy = `version: 1
network_policies:
  sockets:
    endpoints:
      - { host: ws.example, port: 443, path: /read, protocol: websocket, enforcement: enforce, access: read-only }
      - { host: ws.example, port: 443, path: /chat, protocol: websocket, enforcement: enforce, access: read-write }
      - host: ws.example
        port: 443
        path: /graphql
        protocol: websocket
        enforcement: enforce
        rules:
          - allow: { method: GET, path: /graphql }
          - allow: { operation_type: subscription, fields: [messageAdded] }
      - host: ws.example
        port: 443
        path: /rest/**
        protocol: rest
        enforcement: enforce
        rules:
          - allow: { method: GET, path: "/rest/**" }
          - allow: { method: POST, path: /rest/both }
    binaries: [{ path: /usr/bin/curl }]
`

// socketWorld has an origin that says hello and then echoes.
func socketWorld(t *testing.T, policy string) *world {
	w := newWorld(t, policy)
	w.origin("ws.example", 443, func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/rest/both" && r.URL.RawQuery == "plain" {
			http.Error(rw, "no socket here", http.StatusTeapot)
			return
		}
		c, err := websocket.Accept(rw, r, &websocket.AcceptOptions{
			Subprotocols: []string{"graphql-transport-ws"}, CompressionMode: websocket.CompressionContextTakeover,
		})
		if err != nil {
			return
		}
		defer c.CloseNow()
		if c.Write(r.Context(), websocket.MessageText, []byte("hello")) != nil {
			return
		}
		for {
			kind, message, err := c.Read(r.Context())
			if err != nil || c.Write(r.Context(), kind, append([]byte("echo "), message...)) != nil {
				return
			}
		}
	})
	return w
}

func (w *world) dialSocket(ctx context.Context, door, path string) (*websocket.Conn, *http.Response, error) {
	return websocket.Dial(ctx, "wss://ws.example"+path, &websocket.DialOptions{
		HTTPClient: w.client(door), Subprotocols: []string{"graphql-transport-ws"}, CompressionMode: websocket.CompressionContextTakeover,
	})
}

// The upgrade is judged as a GET and each message by what the policy says of messages; real clients see why.
func TestWebSocket(t *testing.T) {
	for _, door := range doors {
		for _, row := range []struct {
			path, send string
			answer     string               // "" for none
			closed     websocket.StatusCode // with which the client is sent away
			reason     string
		}{
			{"/chat", "hi", "echo hi", 0, ""},
			{"/read", "hi", "", websocket.StatusPolicyViolation, "denied by exeat: 2: WEBSOCKET_TEXT /read not permitted"},
			{"/rest/both", "hi", "echo hi", 0, ""},
			{"/graphql", `{"type":"connection_init"}`, `echo {"type":"connection_init"}`, 0, ""},
			{"/graphql", `{"id":"1","type":"subscribe","payload":{"query":"subscription { messageAdded }"}}`, "echo {", 0, ""},
			{"/graphql", `{"id":"1","type":"subscribe","payload":{"query":"{ viewer }"}}`, `{"id":"1","payload":[{"message":"denied by exeat: 2: query viewer `, websocket.StatusPolicyViolation, "query viewer"},
			{"/graphql", `{"id":"1","type":"subscribe","payload":{"query":"subscription { messageAdded }"},"type":"ping"}`, `{"id":"1","payload":[{"message":"denied by exeat: 2: `, websocket.StatusPolicyViolation, "cannot be judged as graphql"},
			{"/graphql", strings.Repeat("x", 70_000), "", websocket.StatusMessageTooBig, "larger than 65536"},
		} {
			t.Run(fmt.Sprint(door, row.path, len(row.send)), func(t *testing.T) {
				w := socketWorld(t, socketPolicy)
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				c, _, err := w.dialSocket(ctx, door, row.path)
				if err != nil {
					t.Fatal(err)
				}
				defer c.CloseNow()
				if c.Subprotocol() != "graphql-transport-ws" {
					t.Errorf("sub-protocol %q", c.Subprotocol())
				}
				if _, hello, err := c.Read(ctx); string(hello) != "hello" {
					t.Fatalf("got %q %v", hello, err)
				}
				if err := c.Write(ctx, websocket.MessageText, []byte(row.send)); err != nil {
					t.Fatal(err)
				}
				_, answer, err := c.Read(ctx)
				if row.answer != "" && !strings.HasPrefix(string(answer), row.answer) {
					t.Errorf("got %q %v", answer, err)
				}
				if row.answer != "" && row.closed != 0 {
					_, _, err = c.Read(ctx)
				}
				if row.closed != 0 && (websocket.CloseStatus(err) != row.closed || !strings.Contains(err.Error(), row.reason)) {
					t.Errorf("got %q %v", answer, err)
				}
				await(t, "it is recorded", func() bool { return row.closed == 0 || len(w.sink.all()) > 1 })
				if events := w.sink.all(); events[0].Status != 0 && events[0].Verdict != "allow" || row.closed != 0 && (len(events) != 2 || events[1].Verdict != "deny") {
					t.Errorf("recorded %s", w.sink.verdicts())
				}
			})
		}
	}
}

// What the policy refuses to become a WebSocket, and what an origin refuses, is an ordinary answer.
func TestWebSocketRefused(t *testing.T) {
	w := socketWorld(t, socketPolicy)
	for path, status := range map[string]int{"/rest/get-only": 403, "/other": 403, "/rest/both?plain": http.StatusTeapot} {
		_, resp, err := w.dialSocket(t.Context(), transparent, path)
		if err == nil || resp == nil || resp.StatusCode != status {
			t.Errorf("%s: %v %v", path, resp, err)
		}
	}
}

// What a query asks for in the URL of an upgrade is judged like a message: a server that does not switch answers the GET,
// also where the policy grants any WebSocket of the host.
func TestWebSocketAsksByURL(t *testing.T) {
	const beside = `      - { host: ws.example, port: 443, protocol: websocket, enforcement: enforce, access: read-only }
      - host: ws.example
        port: 443
        path: /api/graphql
        protocol: graphql
        enforcement: enforce
        rules: [{ allow: { operation_type: query, fields: [viewer] } }]
    binaries:`
	w := socketWorld(t, strings.Replace(socketPolicy, "    binaries:", beside, 1))
	for path, reason := range map[string]string{
		"/graphql?query={secrets}":                  "query secrets (a WebSocket at /graphql) not permitted",
		"/graphql?query=subscription{messageAdded}": "",
		"/graphql?token=x":                          "",
		"/graphql?query={a}&query={b}":              "has query twice",
		"/api/graphql?query={secrets}":              "query secrets (a WebSocket at /api/graphql) not permitted",
		"/api/graphql?token=x":                      "",
		"/anywhere?query={secrets}":                 "",
	} {
		c, resp, err := w.dialSocket(t.Context(), transparent, path)
		if err == nil {
			c.CloseNow()
		}
		if (err == nil) != (reason == "") || reason != "" && resp.Header.Get("X-Exeat-Denial") == "" {
			t.Errorf("%s: %v %v", path, resp, err)
		}
		if events := w.sink.take(); len(events) == 0 || !strings.Contains(events[0].Reason, reason) {
			t.Errorf("%s: recorded %+v", path, events)
		}
	}
}

// A policy that takes the grant back closes the socket with 1012; one that does not leaves it alone.
func TestWebSocketReload(t *testing.T) {
	w := socketWorld(t, socketPolicy)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	c, _, err := w.dialSocket(ctx, explicit, "/chat")
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	_, _, _ = c.Read(ctx)
	w.load(strings.Replace(socketPolicy, "/rest/both", "/rest/more", 1))
	if err := c.Write(ctx, websocket.MessageText, []byte("on")); err != nil {
		t.Fatal(err)
	}
	if _, answer, err := c.Read(ctx); string(answer) != "echo on" {
		t.Fatalf("got %q %v", answer, err)
	}
	began := time.Now()
	w.load(strings.Replace(socketPolicy, "access: read-write", "access: read-only", 1))
	if _, _, err := c.Read(ctx); websocket.CloseStatus(err) != websocket.StatusServiceRestart {
		t.Errorf("got %v", err)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("closed after %v", took)
	}
}

// An origin that does not switch gives an ordinary answer: it forges no denial, a policy that takes the grant
// back ends it, and one that breaks off is no whole one.
func TestWebSocketNotSwitched(t *testing.T) {
	w := newWorld(t, socketPolicy)
	leave := make(chan struct{})
	w.origin("ws.example", 443, func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("X-Exeat-Denial", "7")
		_, _ = io.WriteString(rw, "begun\n")
		_ = http.NewResponseController(rw).Flush()
		if r.URL.RawQuery == "broken" {
			panic(http.ErrAbortHandler)
		}
		select {
		case <-r.Context().Done():
		case <-leave:
		}
	})
	defer close(leave)
	ask := func(query string) (*http.Response, *bufio.Reader) {
		r, _ := http.NewRequestWithContext(t.Context(), "GET", "https://ws.example/chat"+query, nil)
		for k, v := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="} {
			r.Header.Set(k, v)
		}
		resp, err := w.client(transparent).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { resp.Body.Close() })
		body := bufio.NewReader(resp.Body)
		if line, err := body.ReadString('\n'); line != "begun\n" || resp.Header.Get("X-Exeat-Denial") != "" {
			t.Errorf("got %q %v %v", line, err, resp.Header)
		}
		return resp, body
	}
	if _, body := ask("?broken"); true {
		if _, err := body.ReadByte(); err == nil || errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("the broken answer ended with %v", err)
		}
	}
	_, body := ask("")
	w.load(strings.Replace(socketPolicy, "/chat", "/other", 1))
	ended := make(chan error, 1)
	go func() { _, err := body.ReadByte(); ended <- err }()
	select {
	case err := <-ended:
		if errors.Is(err, io.EOF) {
			t.Errorf("the revoked answer looks like a whole one: %v, live %d", err, w.server.Live())
		}
	case <-time.After(2 * time.Second):
		t.Error("the revoked answer went on")
	}
}
