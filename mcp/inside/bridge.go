package inside

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// lastWords is how long answers are waited for after the client has said its last.
const lastWords = 5 * time.Second

// Bridge carries a client's messages from in to the endpoint at url and the
// endpoint's back to out, one JSON object a line, until in ends (MCP
// specification, transports: stdio and Streamable HTTP).
func Bridge(ctx context.Context, url string, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// A transport of its own, because the default one asks the environment for a proxy.
	transport := &http.Transport{DisableCompression: true}
	defer transport.CloseIdleConnections()
	b := &bridge{url: url, http: &http.Client{Transport: transport}, out: out}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxBody)
	var waiting sync.WaitGroup
	for lines.Scan() && ctx.Err() == nil {
		m := read(bytes.Clone(lines.Bytes()))
		switch {
		case len(m.raw) == 0:
		case m.Method == "initialize": // the answer names the session of all that follows
			b.carry(ctx, m)
		default:
			waiting.Go(func() { b.carry(ctx, m) }) // a waiting call must not hold up the next
		}
	}
	defer time.AfterFunc(lastWords, cancel).Stop()
	waiting.Wait()
	return lines.Err()
}

// message is what the bridge has to know of a line.
type message struct {
	ID     json.RawMessage `json:"id"` // absent in a notification
	Method string          `json:"method"`
	Params struct {
		Name string `json:"name"`
		URI  string `json:"uri"`
		Meta struct {
			Version string `json:"io.modelcontextprotocol/protocolVersion"`
		} `json:"_meta"`
	} `json:"params"`
	raw []byte
}

// read reads a line; what is no message is left to the endpoint to refuse.
func read(line []byte) message {
	var m message
	_ = json.Unmarshal(line, &m)
	m.raw = bytes.TrimSpace(line)
	return m
}

// bridge is one client's session.
type bridge struct {
	url  string
	http *http.Client

	mu      sync.Mutex
	out     io.Writer // guarded by mu
	session string    // guarded by mu
}

// carry posts one message and writes what comes back. A request that fails is
// answered all the same, with its own id: nothing else ends a client's waiting.
func (b *bridge) carry(ctx context.Context, m message) {
	err := b.post(ctx, m)
	if err == nil || len(m.ID) == 0 {
		return
	}
	answer, _ := json.Marshal(map[string]any{
		"jsonrpc": "2.0", "id": m.ID,
		"error": map[string]any{"code": -32603, "message": err.Error()},
	})
	b.write(answer)
}

func (b *bridge) post(ctx context.Context, m message) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, b.url, bytes.NewReader(m.raw))
	if err != nil {
		return err
	}
	b.address(request.Header, m)
	response, err := b.http.Do(request)
	if err != nil {
		return fmt.Errorf("reach the sandbox's endpoint: %w", err)
	}
	defer response.Body.Close()
	if session := response.Header.Get("Mcp-Session-Id"); session != "" {
		b.mu.Lock()
		b.session = session
		b.mu.Unlock()
	}
	return b.answer(response)
}

// address sets the header fields: those of 2026-07-28 repeat what is in the
// message, and before that a session is named.
func (b *bridge) address(h http.Header, m message) {
	h.Set("Content-Type", "application/json")
	h.Set("Accept", "application/json, text/event-stream")
	if version := m.Params.Meta.Version; version != "" {
		h.Set("Mcp-Protocol-Version", version)
		h.Set("Mcp-Method", m.Method)
		if subject := m.Params.Name + m.Params.URI; subject != "" {
			h.Set("Mcp-Name", subject)
		}
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.session != "" {
		h.Set("Mcp-Session-Id", b.session)
	}
}

// answer writes a reply, which is one object or a stream of events.
func (b *bridge) answer(response *http.Response) error {
	kind := response.Header.Get("Content-Type")
	if !strings.HasPrefix(kind, "text/event-stream") {
		body, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
		body = bytes.TrimSpace(body)
		switch {
		case err != nil:
			return fmt.Errorf("read the endpoint's answer: %w", err)
		case response.StatusCode >= 300 && !json.Valid(body):
			return fmt.Errorf("the sandbox's endpoint answered %s: %s", response.Status, body[:min(len(body), 200)])
		case len(body) > 0:
			b.write(body)
		}
		return nil
	}
	events := bufio.NewScanner(response.Body)
	events.Buffer(nil, maxBody)
	for events.Scan() {
		if data, ok := bytes.CutPrefix(events.Bytes(), []byte("data:")); ok {
			b.write(data)
		}
	}
	return events.Err()
}

// write writes one message as one line.
func (b *bridge) write(message []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	line := bytes.ReplaceAll(bytes.TrimSpace(message), []byte("\n"), []byte(" "))
	_, _ = b.out.Write(append(line, '\n'))
}
