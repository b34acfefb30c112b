package rpc_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"exeat/proxy/rpc"
)

// guarded is a real MCP server behind what a proxy does with this package: it reads each POST, denies
// the method or the tool named denied, and passes the rest on.
func guarded(t *testing.T, denied string) *httptest.Server {
	t.Helper()
	s := server.NewMCPServer("origin", "1", server.WithToolCapabilities(false))
	tool := func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return mcp.NewToolResultText("done"), nil
	}
	s.AddTool(mcp.NewTool("echo"), tool)
	s.AddTool(mcp.NewTool("delete"), tool)
	origin := server.NewStreamableHTTPServer(s)
	guard := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && refused(t, w, r, denied) {
			return
		}
		origin.ServeHTTP(w, r)
	}))
	t.Cleanup(guard.Close)
	return guard
}

// refused answers what is denied, and what cannot be read.
func refused(t *testing.T, w http.ResponseWriter, r *http.Request, denied string) bool {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	calls, batch, err := rpc.ReadMCP(r.Header, body, rpc.Options{StrictToolNames: true})
	if err != nil {
		t.Errorf("a real client sends %s with %v, which is refused: %v", body, r.Header, err)
		http.Error(w, err.Error(), http.StatusBadRequest)
		return true
	}
	if !rpc.Known(calls[0].Method) {
		t.Errorf("a real client sends the method %q, which is not known", calls[0].Method)
	}
	if calls[0].Tool != denied && calls[0].Method != denied {
		return false
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(rpc.Denial(calls, batch, refusal))
	return true
}

// connect begins a session of one revision.
func connect(t *testing.T, url, revision string) (*client.Client, error) {
	t.Helper()
	tr, err := transport.NewStreamableHTTP(url)
	if err != nil {
		t.Fatal(err)
	}
	c := client.NewClient(tr)
	t.Cleanup(func() { _ = c.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := c.Start(ctx); err != nil {
		t.Fatal(err)
	}
	var r mcp.InitializeRequest
	r.Params.ProtocolVersion, r.Params.ClientInfo = revision, mcp.Implementation{Name: "test", Version: "1"}
	_, err = c.Initialize(ctx, r)
	return c, err
}

// TestClient uses a real client of both eras: what is allowed works, and what is denied comes back as the
// error of that call, with the number of the denial, in a session that lives on.
func TestClient(t *testing.T) {
	for _, revision := range mcp.ValidProtocolVersions {
		t.Run(revision, func(t *testing.T) {
			c, err := connect(t, guarded(t, "delete").URL, revision)
			if err != nil || c.ProtocolVersion() != revision {
				t.Fatalf("revision %q, %v", c.ProtocolVersion(), err)
			}
			if tools, err := c.ListTools(t.Context(), mcp.ListToolsRequest{}); err != nil || len(tools.Tools) != 2 {
				t.Errorf("tools %v, %v", tools, err)
			}
			if _, err := call(t, c, "delete"); err == nil || !strings.Contains(err.Error(), "denial 17") {
				t.Errorf("the denied call gives %v", err)
			}
			if result, err := call(t, c, "echo"); err != nil || result.IsError {
				t.Errorf("the allowed call gives %v, %v", result, err)
			}
		})
	}
}

func call(t *testing.T, c *client.Client, tool string) (*mcp.CallToolResult, error) {
	t.Helper()
	var r mcp.CallToolRequest
	r.Params.Name = tool
	return c.CallTool(t.Context(), r)
}

// TestClientBegins denies the first message of a session: the client says why, and does not look for an
// older kind of server.
func TestClientBegins(t *testing.T) {
	for _, revision := range mcp.ValidProtocolVersions[1:] {
		if _, err := connect(t, guarded(t, "initialize").URL, revision); err == nil || !strings.Contains(err.Error(), "denial 17") {
			t.Errorf("%s: initialize gives %v", revision, err)
		}
	}
}

// TestKnown compares with the library's list of what clients send.
func TestKnown(t *testing.T) {
	for _, m := range []mcp.MCPMethod{
		mcp.MethodInitialize, mcp.MethodPing, mcp.MethodResourcesList, mcp.MethodResourcesTemplatesList,
		mcp.MethodResourcesRead, mcp.MethodResourcesSubscribe, mcp.MethodResourcesUnsubscribe, mcp.MethodPromptsList,
		mcp.MethodPromptsGet, mcp.MethodToolsList, mcp.MethodToolsCall, mcp.MethodSetLogLevel, mcp.MethodTasksGet,
		mcp.MethodTasksList, mcp.MethodTasksResult, mcp.MethodTasksCancel, mcp.MethodNotificationInitialized,
		mcp.MethodNotificationCancelled, mcp.MethodNotificationProgress, mcp.MethodNotificationRootsListChanged,
		mcp.MethodNotificationTasksStatus, mcp.MethodCompletionComplete, mcp.MethodServerDiscover, mcp.MethodSubscriptionsListen,
	} {
		if !rpc.Known(string(m)) {
			t.Errorf("%s is not known", m)
		}
	}
	for _, m := range []string{
		"", "tools/Call", "tools/call ", "sampling/createMessage", "elicitation/create", "roots/list", "notifications/message",
		"notifications/tools/list_changed", "notifications/resources/updated", "debug/echo",
	} {
		if rpc.Known(m) {
			t.Errorf("%q is known", m)
		}
	}
}
