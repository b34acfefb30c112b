package origin

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// calls serves the protocols whose requests name an operation in the body.
func calls(mux *http.ServeMux) {
	mux.HandleFunc("/graphql", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"data": map[string]any{
			"viewer":     map[string]string{"login": "octocat"},
			"repository": map[string]any{"name": "widgets", "issues": map[string]int{"totalCount": 7}},
		}})
	})
	mux.HandleFunc("POST /rpc", callProcedure)
	s := server.NewMCPServer("origin", "1", server.WithToolCapabilities(false))
	s.AddTool(mcp.NewTool("search", mcp.WithString("text")), say("found it"))
	s.AddTool(mcp.NewTool("erase", mcp.WithString("text")), say("erased it"))
	mux.Handle("/mcp", server.NewStreamableHTTPServer(s))
}

func say(text string) server.ToolHandlerFunc {
	return func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return mcp.NewToolResultText(text), nil
	}
}

// callProcedure answers each call of a JSON-RPC 2.0 body with the name of its method.
func callProcedure(w http.ResponseWriter, r *http.Request) {
	var call struct {
		ID     json.RawMessage `json:"id"`
		Method string          `json:"method"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&call); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answer(w, map[string]any{"jsonrpc": "2.0", "id": call.ID, "result": "called " + call.Method})
}
