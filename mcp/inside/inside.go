package inside

import (
	"context"
	"errors"
	"net/http"

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

// sessions checks the form of ids and makes none: for each that it made, the library would keep a session for ever, or
// for minutes, in memory of the host that a loop in the sandbox could fill. See named.
type sessions struct {
	server.StatelessGeneratingSessionIdManager
}

// Generate makes no id.
func (*sessions) Generate() string { return "" }

// Terminate refuses: there is nothing to end, and a server may say so with 405
// (MCP specification 2025-11-25, session management).
func (*sessions) Terminate(string) (isNotAllowed bool, err error) { return true, nil }

// Handler serves the endpoint at http://exeat.local/mcp.
func Handler(version string, view View) http.Handler {
	s := server.NewMCPServer("exeat-inside", version,
		server.WithInstructions(instructions), server.WithRecovery(), server.WithToolCapabilities(false))
	tool.Register(s, tools(view)...)
	stream := server.NewStreamableHTTPServer(s,
		server.WithSessionIdManager(&sessions{}),
		server.WithDisableStreaming(true),           // GET would wait, and take a place, for messages that never come
		server.WithDisableLocalhostProtection(true)) // direct is stricter
	mux := http.NewServeMux()
	mux.Handle("/mcp", bounded(named(stream)))
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("This is exeat. What was denied: /exeat/denials.log, or MCP at http://exeat.local/mcp\n"))
	})
	return direct(mux)
}
