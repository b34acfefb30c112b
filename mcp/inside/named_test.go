package inside_test

import (
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
)

func post(t *testing.T, url, session, body string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if session != "" {
		r.Header.Set("Mcp-Session-Id", session)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}

const initialize = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":CAPABILITIES,"clientInfo":{"name":"a","version":"1"}}}`

// A program that begins sessions in a loop leaves nothing behind in the supervisor: 63 KB of capabilities were kept as 1.4 MB
// for minutes, outside of every limit of the sandbox.
func TestSessionsAreNotKept(t *testing.T) {
	url := serve(t, newView(t)).url
	body := strings.Replace(initialize, "CAPABILITIES", `{"experimental":{"a":[`+strings.Repeat("{},", 20_000)+`{}]}}`, 1)
	post(t, url, "", body)
	before := heap()
	for range 50 {
		if resp, _ := post(t, url, "", body); resp.StatusCode != http.StatusOK {
			t.Fatal(resp.Status)
		}
	}
	if grew := int64(heap()) - int64(before); grew > 10<<20 {
		t.Errorf("50 sessions left %d KiB", grew>>10)
	}
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("a stream that nothing will come on: %s", resp.Status)
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// One request of curl is enough to ask something, and ids of another form are refused.
func TestWithoutASession(t *testing.T) {
	url := serve(t, newView(t)).url
	const list = `{"jsonrpc":"2.0","id":7,"method":"tools/list"}`
	if resp, text := post(t, url, "", list); resp.StatusCode != http.StatusOK || !strings.Contains(text, "list_denials") || resp.Header.Get("Mcp-Session-Id") != "" {
		t.Errorf("without: %s %v %s", resp.Status, resp.Header, text)
	}
	resp, _ := post(t, url, "", strings.Replace(initialize, "CAPABILITIES", "{}", 1))
	id := resp.Header.Get("Mcp-Session-Id")
	if resp, text := post(t, url, id, list); id == "" || resp.StatusCode != http.StatusOK || !strings.Contains(text, "list_denials") {
		t.Errorf("session %q: %s %s", id, resp.Status, text)
	}
	if resp, _ := post(t, url, "another", list); resp.StatusCode != http.StatusNotFound {
		t.Errorf("an id of another form: %s", resp.Status)
	}
}
