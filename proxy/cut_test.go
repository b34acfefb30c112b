package proxy_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"exeat/proxy"
	"exeat/proxy/credential"
)

// streams is an origin whose answers never end.
func streams(kind string) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", kind)
		for {
			_, _ = io.WriteString(rw, "event\n")
			_ = http.NewResponseController(rw).Flush()
			select {
			case <-r.Context().Done():
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
}

// An answer that a policy cuts off leaves a record that says so, and a call of gRPC ends with a status.
func TestCutsAreRecorded(t *testing.T) {
	for name, row := range map[string]struct{ host, text, path, kind, status string }{
		"stream": {"api.example", basePolicy, "/ok/1", "text/event-stream", ""},
		"call":   {"grpc.example", strings.ReplaceAll(grpcPolicy, "/echo.Echo/Chat", "/echo.Echo/*"), "/echo.Echo/Chat", "application/grpc", "7"},
	} {
		w := newWorld(t, row.text)
		w.origin(row.host, 443, streams(row.kind))
		r, _ := http.NewRequestWithContext(t.Context(), "POST", "https://"+row.host+row.path, strings.NewReader("x"))
		r.Header.Set("Content-Type", row.kind)
		resp, err := w.http2Client(transparent).Do(r)
		if err != nil {
			t.Fatal(name, err)
		}
		_, _ = resp.Body.Read(make([]byte, 1))
		cut := time.Now()
		w.load(nothing)
		_, err = io.ReadAll(resp.Body)
		resp.Body.Close()
		if (err == nil) != (row.status != "") || resp.Trailer.Get("Grpc-Status") != row.status {
			t.Errorf("%s ended with %v and %v", name, err, resp.Trailer)
		}
		await(t, "recorded", func() bool { return len(w.sink.all()) == 2 })
		if e := w.sink.all()[1]; e.Verdict != "deny" || e.Revision != 2 || e.Reason != "revision 2 no longer allows this: it was cut off" || e.Host != row.host {
			t.Errorf("%s: recorded %+v", name, e)
		} else if e.Time.Before(cut) || e.Duration <= 0 {
			t.Errorf("%s: recorded at %v with %v, cut at %v", name, e.Time, e.Duration, cut)
		}
		await(t, "completed", func() bool { e, ok := w.sink.completed(1); return ok && e.Status == 200 && e.Failed == "policy_denied" })
	}
}

// A socket on which nothing may be said goes on through policies that do not change that.
func TestReadOnlySocketReload(t *testing.T) {
	text := strings.Replace(socketPolicy, "access: read-write", "access: read-only", 1)
	w := socketWorld(t, text)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	c, _, err := w.dialSocket(ctx, explicit, "/chat")
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	_, _, _ = c.Read(ctx)
	w.load(strings.Replace(text, "/rest/both", "/rest/more", 1))
	if err := c.Ping(c.CloseRead(ctx)); err != nil {
		t.Fatalf("after an unrelated change: %v", err)
	}
	w.load(nothing)
	await(t, "closed", func() bool { return c.Ping(ctx) != nil }) // one that was on its way is still answered
	await(t, "recorded", func() bool {
		events := w.sink.all()
		return events[len(events)-1].Reason == "revision 3 no longer allows this: it was cut off"
	})
}

// What carries a secret ends when its provider is detached, and nothing else does.
func TestDetachEndsStreams(t *testing.T) {
	in, err := credential.NewInjector(attachment(t, "mine", "one.example"), attachment(t, "other", "two.example"))
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, strings.ReplaceAll(turnPolicy, "api.example", "one.example")+"  more: { endpoints: [{ host: two.example, port: 443, protocol: rest, access: full }], binaries: [{ path: /usr/bin/curl }] }\n",
		func(c *proxy.Config) { c.Credentials = in })
	open := func(host, token string) io.ReadCloser {
		w.origin(host, 443, streams("text/plain"))
		r, _ := http.NewRequestWithContext(t.Context(), "GET", "https://"+host+"/x", nil)
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		resp, err := w.client(transparent).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { resp.Body.Close() })
		return resp.Body
	}
	mine, other := open("one.example", in.Env()["MINE"]), open("two.example", in.Env()["OTHER"])
	if err := in.Detach("mine"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	w.server.CredentialGone("mine")
	if _, err := io.Copy(io.Discard, mine); err == nil || time.Since(began) > time.Second {
		t.Errorf("%v after %v", err, time.Since(began))
	}
	if _, err := io.ReadFull(other, make([]byte, 1000)); err != nil {
		t.Errorf("the other provider's: %v", err)
	}
	await(t, "recorded", func() bool {
		events := w.sink.all()
		e := events[len(events)-1]
		return strings.Contains(e.Reason, `"mine" was detached`) && !e.Time.Before(began) && e.Duration > 0
	})
}

// A WebSocket whose origin takes its time to agree carries no secret of a provider that was detached meanwhile.
func TestDetachDuringUpgrade(t *testing.T) {
	in, err := credential.NewInjector(attachment(t, "mine", "ws.example"))
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, socketPolicy, func(c *proxy.Config) { c.Credentials = in })
	asked, agree := make(chan bool), make(chan bool)
	w.origin("ws.example", 443, func(rw http.ResponseWriter, r *http.Request) {
		asked <- true
		<-agree
		if c, err := websocket.Accept(rw, r, nil); err == nil {
			_, _, _ = c.Read(r.Context())
			c.CloseNow()
		}
	})
	ended := make(chan error, 1)
	go func() {
		c, _, err := websocket.Dial(t.Context(), "wss://ws.example/chat", &websocket.DialOptions{
			HTTPClient: w.client(explicit), HTTPHeader: http.Header{"Authorization": {"Bearer " + in.Env()["MINE"]}},
		})
		if err == nil {
			_, _, err = c.Read(t.Context())
		}
		ended <- err
	}()
	<-asked
	_ = in.Detach("mine")
	w.server.CredentialGone("mine")
	close(agree)
	select {
	case err := <-ended:
		if err == nil {
			t.Error("it goes on")
		}
	case <-time.After(5 * time.Second):
		t.Error("it still carries the secret")
	}
}

// A WebSocket that was opened with a secret ends with its provider, and the record says so.
func TestDetachEndsWebSocket(t *testing.T) {
	in, err := credential.NewInjector(attachment(t, "mine", "ws.example"))
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, socketPolicy, func(c *proxy.Config) { c.Credentials = in })
	w.origin("ws.example", 443, func(rw http.ResponseWriter, r *http.Request) {
		if c, err := websocket.Accept(rw, r, nil); err == nil {
			_, _, _ = c.Read(r.Context())
			c.CloseNow()
		}
	})
	c, _, err := websocket.Dial(t.Context(), "wss://ws.example/chat", &websocket.DialOptions{
		HTTPClient: w.client(explicit), HTTPHeader: http.Header{"Authorization": {"Bearer " + in.Env()["MINE"]}},
	})
	if err != nil {
		t.Fatal(err)
	}
	_ = in.Detach("mine")
	w.server.CredentialGone("mine")
	if _, _, err := c.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusServiceRestart {
		t.Errorf("got %v", err)
	}
	await(t, "recorded", func() bool {
		events := w.sink.all()
		e := events[len(events)-1]
		return e.Code == "credential_detached" && strings.Contains(e.Reason, `"mine" was detached`)
	})
}

func attachment(t *testing.T, name, host string) credential.Attachment {
	t.Helper()
	p, err := credential.NewProvider(name, "generic", credential.Options{Variable: strings.ToUpper(name), Hosts: []string{host}})
	if err != nil {
		t.Fatal(err)
	}
	value, err := credential.NewValue(name + "-secret-of-the-user-0123456789")
	if err != nil {
		t.Fatal(err)
	}
	return credential.Attachment{Provider: p, Secret: value}
}
