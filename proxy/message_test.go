package proxy_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// Secrets go into messages where the policy says so; elsewhere a message that is read may not carry one.
func TestSecretsInMessages(t *testing.T) {
	const endpoint = "{ host: api.example, port: 443, path: /ws, protocol: websocket, enforcement: enforce, access: read-write"
	w, placeholder := withSecret(t, "version: 1\nnetwork_policies:\n  a: { endpoints: ["+endpoint+", websocket_credential_rewrite: true }], binaries: [{ path: /usr/bin/curl }] }\n")
	got := make(chan string, 1)
	w.origin("api.example", 443, func(rw http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(rw, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		_, message, _ := c.Read(r.Context())
		got <- string(message)
	})
	c, _, err := websocket.Dial(t.Context(), "wss://api.example/ws", &websocket.DialOptions{HTTPClient: w.client(transparent)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if err := c.Write(t.Context(), websocket.MessageText, []byte("key "+placeholder)); err != nil {
		t.Fatal(err)
	}
	if message := <-got; message != "key "+theSecret {
		t.Errorf("the origin got %q", message)
	}
	if events := w.sink.all(); events[len(events)-1].Credential != "mine" {
		t.Errorf("recorded %s", w.sink.verdicts())
	}
}

// Where nobody reads messages, a placeholder in one ends the connection, and a secret that the origin repeats is masked.
func TestSecretsInUnreadMessages(t *testing.T) {
	w, placeholder := withSecret(t, "version: 1\nnetwork_policies:\n  a: { endpoints: [{ host: api.example, port: 443, path: /ws, protocol: rest, enforcement: enforce, access: full }], binaries: [{ path: /usr/bin/curl }] }\n")
	w.origin("api.example", 443, func(rw http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(rw, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		if out, err := c.Writer(r.Context(), websocket.MessageText); err == nil { // in two frames
			_, _ = io.WriteString(out, "you are "+r.Header.Get("Authorization")[:14])
			_, _ = io.WriteString(out, r.Header.Get("Authorization")[14:]+"!")
			_ = out.Close()
		}
		_, message, _ := c.Read(r.Context())
		if len(message) > 0 {
			t.Errorf("the origin got %q", message)
		}
	})
	c, _, err := websocket.Dial(t.Context(), "wss://api.example/ws", &websocket.DialOptions{
		HTTPClient: w.client(transparent), HTTPHeader: http.Header{"Authorization": {"Bearer " + placeholder}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if _, hello, err := c.Read(t.Context()); string(hello) != "you are Bearer "+placeholder+"!" {
		t.Errorf("got %q %v", hello, err)
	}
	_ = c.Write(t.Context(), websocket.MessageText, []byte("key "+placeholder))
	if _, _, err := c.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusPolicyViolation || !strings.Contains(err.Error(), "carries a credential") {
		t.Errorf("got %v", err)
	}
	if events := w.sink.all(); events[len(events)-1].Code != "credential_misuse" {
		t.Errorf("recorded %s", w.sink.verdicts())
	}
}

// A policy that only audits lets messages pass, and records each that its rules would deny.
func TestWebSocketAudited(t *testing.T) {
	w := socketWorld(t, strings.Replace(socketPolicy, "path: /read, protocol: websocket, enforcement: enforce", "path: /read, protocol: websocket, enforcement: audit", 1))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	c, _, err := w.dialSocket(ctx, explicit, "/read")
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	_, _, _ = c.Read(ctx)
	_ = c.Write(ctx, websocket.MessageText, []byte("hi"))
	if _, answer, err := c.Read(ctx); string(answer) != "echo hi" {
		t.Fatalf("got %q %v", answer, err)
	}
	if events := w.sink.all(); len(events) != 2 || events[1].Verdict != "audit" || events[1].Method != "WEBSOCKET_TEXT" {
		t.Errorf("recorded %s", w.sink.verdicts())
	}
}

// A persisted query that a new policy does not know any more is not let through on a socket that stays.
func TestWebSocketForgetsQueries(t *testing.T) {
	const known = "        persisted_queries: allow_registered\n        graphql_persisted_queries: { abc: { operation_type: subscription, fields: [messageAdded] } }\n"
	w := socketWorld(t, strings.Replace(socketPolicy, "        rules:\n          - allow: { method: GET, path: /graphql }", known+"        rules:\n          - allow: { method: GET, path: /graphql }", 1))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	c, _, err := w.dialSocket(ctx, explicit, "/graphql")
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	_, _, _ = c.Read(ctx)
	const message = `{"id":"1","type":"subscribe","payload":{"id":"abc"}}`
	_ = c.Write(ctx, websocket.MessageText, []byte(message))
	if _, answer, err := c.Read(ctx); string(answer) != "echo "+message {
		t.Fatalf("got %q %v", answer, err)
	}
	w.load(socketPolicy)
	_ = c.Write(ctx, websocket.MessageText, []byte(message))
	_, _, _ = c.Read(ctx) // the operation's error
	if _, answer, err := c.Read(ctx); websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
		t.Errorf("got %q %v", answer, err)
	}
}
