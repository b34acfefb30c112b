package inside

import (
	"encoding/json"
	"net/http"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// named gives each client an id of its own, so that none cancels another's calls: one that begins a session is told its
// id, and one that asks without, as curl does, has a session for this request. Nobody remembers them, so that a client may
// be silent for as long as it likes.
func named(next http.Handler) http.Handler {
	var ids server.StatelessGeneratingSessionIdManager
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method != http.MethodPost:
		case begins(r):
			w.Header().Set(server.HeaderKeySessionID, ids.Generate())
		case r.Header.Get(server.HeaderKeySessionID) == "":
			r.Header.Set(server.HeaderKeySessionID, ids.Generate())
		}
		next.ServeHTTP(w, r)
	})
}

// begins tells whether the request begins a session (MCP specification 2025-11-25, session management).
func begins(r *http.Request) bool {
	var message struct {
		Method mcp.MCPMethod `json:"method"`
	}
	body, ok := r.Body.(*held)
	return ok && json.Unmarshal(body.text, &message) == nil && message.Method == mcp.MethodInitialize
}
