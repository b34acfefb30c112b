package agents

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/mcp"
)

// connect starts a session as a real client would.
func connect(ctx context.Context, c *client.Client) error {
	if err := c.Start(ctx); err != nil {
		return fmt.Errorf("start MCP client: %w", err)
	}
	hello := mcp.InitializeRequest{}
	hello.Params.ProtocolVersion = "2025-06-18"
	hello.Params.ClientInfo = mcp.Implementation{Name: "exeat-demo", Version: "1"}
	if _, err := c.Initialize(ctx, hello); err != nil {
		return fmt.Errorf("initialize MCP session: %w", err)
	}
	return nil
}

// call calls a tool and decodes its structured result into answer.
func call(ctx context.Context, c *client.Client, tool string, arguments map[string]any, answer any) error {
	request := mcp.CallToolRequest{}
	request.Params.Name, request.Params.Arguments = tool, arguments
	result, err := c.CallTool(ctx, request)
	if err != nil {
		return fmt.Errorf("call %s: %w", tool, err)
	}
	raw, err := json.Marshal(result.StructuredContent)
	if err != nil {
		return err
	}
	if result.IsError {
		return fmt.Errorf("call %s: %s", tool, raw)
	}
	if err := json.Unmarshal(raw, answer); err != nil {
		return fmt.Errorf("read the answer of %s: %w", tool, err)
	}
	return nil
}

// denial is what both agents read of a denial.
type denial struct {
	ID     int64  `json:"id"`
	Host   string `json:"host"`
	Method string `json:"method"`
	Reason string `json:"reason"`
	Policy string `json:"policy"`
}

type denialList struct {
	Denials []denial `json:"denials"`
}
