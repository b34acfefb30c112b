package tool

import (
	"context"
	"encoding/json"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// Tool is one tool of a server.
type Tool struct {
	Name        string
	Title       string
	Description string
	Schema      string // JSON Schema of the arguments: an object, no combinators, no nullable arrays
	Writes      bool   // everything else only reads
	Handle      func(ctx context.Context, arguments json.RawMessage) (any, *Error)
}

// Register adds tools to a server.
func Register(s *server.MCPServer, tools ...Tool) {
	for _, t := range tools {
		definition := mcp.NewToolWithRawSchema(t.Name, t.Description, json.RawMessage(t.Schema))
		definition.Title = t.Title
		yes, no := true, false
		// All four, because the library's own defaults say destructive and open-world.
		definition.Annotations = mcp.ToolAnnotation{Title: t.Title, ReadOnlyHint: &yes, DestructiveHint: &no, IdempotentHint: &yes, OpenWorldHint: &no}
		if t.Writes {
			definition.Annotations.ReadOnlyHint = &no
		}
		s.AddTool(definition, handler(t))
	}
}

// handler calls a tool with arguments that keep to its schema: what the schema
// shows is what is enforced. A schema that cannot be read takes no argument.
func handler(t Tool) server.ToolHandlerFunc {
	var takes schema
	_ = json.Unmarshal([]byte(t.Schema), &takes)
	return func(ctx context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		raw, err := json.Marshal(request.GetRawArguments()) // as sent: decoded numbers lose digits
		if err != nil {
			return failure(BadArgument("the arguments are not JSON")), nil
		}
		if problem := takes.check(raw); problem != nil {
			return failure(problem), nil
		}
		result, problem := t.Handle(ctx, raw)
		if problem != nil {
			return failure(problem), nil
		}
		return mcp.NewToolResultStructuredOnly(result), nil
	}
}

func failure(e *Error) *mcp.CallToolResult {
	result := mcp.NewToolResultStructuredOnly(e.bounded())
	result.IsError = true
	return result
}
