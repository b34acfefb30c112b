package cmd_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strconv"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"
	"github.com/rogpeppe/go-internal/testscript"
)

// propose is an agent on the host that files a proposal and hangs up.
func propose(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 2, "propose sandbox operations.json")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var operations []any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &operations))
	c, err := agent(ctx, ts)
	ts.Check(err)
	defer c.Close()
	var current struct {
		Revision int `json:"revision"`
	}
	ts.Check(call(ctx, c, "get_policy", map[string]any{"sandbox": args[0]}, &current))
	var filed struct {
		ID int64 `json:"proposal_id"`
	}
	ts.Check(call(ctx, c, "propose_policy_change", map[string]any{
		"sandbox": args[0], "base_revision": current.Revision, "operations": operations, "reason": "the task needs it",
	}, &filed))
	ts.Setenv("PROPOSAL", strconv.FormatInt(filed.ID, 10))
}

// agent starts `exeat mcp serve` and a session with it.
func agent(ctx context.Context, ts *testscript.TestScript) (*client.Client, error) {
	start := func(ctx context.Context, command string, env, args []string) (*exec.Cmd, error) {
		cmd := exec.CommandContext(ctx, command, args...)
		cmd.Env = env
		return cmd, nil
	}
	env := []string{"HOME=" + ts.Getenv("HOME"), "PATH=" + ts.Getenv("PATH"), "XDG_RUNTIME_DIR=" + ts.Getenv("XDG_RUNTIME_DIR")}
	c, err := client.NewStdioMCPClientWithOptions("exeat", env, []string{"mcp", "serve"}, transport.WithCommandFunc(start))
	if err != nil {
		return nil, err
	}
	hello := mcp.InitializeRequest{}
	hello.Params.ProtocolVersion = "2025-06-18"
	hello.Params.ClientInfo = mcp.Implementation{Name: "exeat-test", Version: "1"}
	_, err = c.Initialize(ctx, hello)
	return c, err
}

// call calls a tool and decodes its structured result.
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
	return json.Unmarshal(raw, answer)
}
