package inside

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/mark3labs/mcp-go/server"

	"exeat/mcp/tool"
	"exeat/policy"
)

// ErrNotFound says that no denial has this id.
var ErrNotFound = errors.New("no such denial")

// View is what the endpoint may see of its sandbox.
type View interface {
	// InForce is the policy in force now.
	InForce() (revision int, p *policy.Policy, e *policy.Engine)
	// Changed is closed when the next policy comes into force.
	Changed() <-chan struct{}
	// Denials returns at most limit denials older than before, newest first; before 0 means from the newest.
	Denials(ctx context.Context, before int64, limit int) ([]tool.Denial, error)
	// Denial returns one denial, or ErrNotFound.
	Denial(ctx context.Context, id int64) (tool.Denial, error)
}

// instructions is the one text every client shows its model.
const instructions = `You run in a sandbox. A proxy answers requests the policy does not allow with 403; connections are reset. When something is denied: list_denials, then explain_denial. You cannot change the policy from here, and retrying does not help. Report the denial id to the user and ask for access; await_change returns when the policy allows it.`

// forget is how long the library keeps what it noted of a session that says
// nothing. The session itself goes on: its id is all it consists of.
const forget = 5 * time.Minute

// sessions gives each client an id of its own, so that none cancels another's
// calls, and remembers none: the library's other manager keeps every id for
// ever, in memory of the host that a loop in the sandbox could fill, and turns
// away a client that was silent for a while.
type sessions struct {
	server.StatelessGeneratingSessionIdManager
}

// Terminate refuses: there is nothing to end, and a server may say so with 405
// (MCP specification 2025-11-25, session management).
func (*sessions) Terminate(string) (isNotAllowed bool, err error) { return true, nil }

// Handler serves the endpoint at http://exeat.local/mcp.
func Handler(version string, view View) http.Handler {
	s := server.NewMCPServer("exeat-inside", version,
		server.WithInstructions(instructions), server.WithRecovery(), server.WithToolCapabilities(false))
	tool.Register(s, tools(view)...)
	stream := server.NewStreamableHTTPServer(s,
		server.WithSessionIdManager(&sessions{}), server.WithSessionIdleTTL(forget),
		server.WithDisableLocalhostProtection(true)) // direct is stricter
	mux := http.NewServeMux()
	mux.Handle("/mcp", bounded(stream))
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("This is exeat. What was denied: /exeat/denials.log, or MCP at http://exeat.local/mcp\n"))
	})
	return direct(mux)
}
