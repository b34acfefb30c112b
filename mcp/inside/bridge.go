package inside

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// Bridge carries a client's messages from in to the endpoint at url and the
// endpoint's back to out, one JSON object a line, until in ends (MCP
// specification, transports: stdio and Streamable HTTP).
func Bridge(ctx context.Context, url string, in io.Reader, out io.Writer) error {
	b := &bridge{url: url, out: out}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxBody)
	var waiting sync.WaitGroup
	defer waiting.Wait()
	for lines.Scan() {
		message := bytes.Clone(lines.Bytes())
		if len(bytes.TrimSpace(message)) == 0 {
			continue
		}
		if !b.opened() { // the answer to initialize names the session
			b.carry(ctx, message)
			continue
		}
		waiting.Go(func() { b.carry(ctx, message) }) // a waiting call must not hold up the next
	}
	return lines.Err()
}

// bridge is one client's session.
type bridge struct {
	url string

	mu      sync.Mutex
	out     io.Writer // guarded by mu
	session string    // guarded by mu
}

func (b *bridge) opened() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.session != ""
}

// carry posts one message and writes what comes back; a failure is written as
// a JSON-RPC error, which is all a client on standard output understands.
func (b *bridge) carry(ctx context.Context, message []byte) {
	if err := b.post(ctx, message); err != nil {
		b.write([]byte(fmt.Sprintf(`{"jsonrpc":"2.0","id":null,"error":{"code":-32603,"message":%q}}`, err.Error())))
	}
}

func (b *bridge) post(ctx context.Context, message []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, b.url, bytes.NewReader(message))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json, text/event-stream")
	b.mu.Lock()
	if b.session != "" {
		request.Header.Set("Mcp-Session-Id", b.session)
	}
	b.mu.Unlock()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("reach the sandbox's endpoint: %w", err)
	}
	defer response.Body.Close()
	b.remember(response.Header.Get("Mcp-Session-Id"))
	return b.answer(response)
}

func (b *bridge) remember(session string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if session != "" {
		b.session = session
	}
}

// answer writes a reply, which is one object or a stream of events.
func (b *bridge) answer(response *http.Response) error {
	if !strings.HasPrefix(response.Header.Get("Content-Type"), "text/event-stream") {
		body, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
		if err == nil && len(bytes.TrimSpace(body)) > 0 {
			b.write(body)
		}
		return err
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
