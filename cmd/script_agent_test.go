package cmd_test

import (
	"context"
	"encoding/json"
	"errors"
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
	var operations []any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &operations))
	asAgent(ts, func(ctx context.Context, c *client.Client) error {
		return file(ctx, ts, c, map[string]any{"sandbox": args[0], "operations": operations})
	})
}

// proposeOffered is an agent on the host that proposes what explain_denial offers
// first for the newest denial.
func proposeOffered(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 1, "propose-offered sandbox")
	asAgent(ts, func(ctx context.Context, c *client.Client) error {
		var list struct{ Denials []struct{ ID int64 } }
		if err := call(ctx, c, "list_denials", map[string]any{"sandbox": args[0], "limit": 1}, &list); err != nil {
			return err
		}
		if len(list.Denials) == 0 {
			return errors.New("nothing was denied")
		}
		id := list.Denials[0].ID
		var explained struct{ Options []struct{ Operations []any } }
		if err := call(ctx, c, "explain_denial", map[string]any{"sandbox": args[0], "denial_id": id}, &explained); err != nil {
			return err
		}
		if len(explained.Options) == 0 {
			return fmt.Errorf("no option is offered for denial %d", id)
		}
		return file(ctx, ts, c, map[string]any{
			"sandbox": args[0], "operations": explained.Options[0].Operations, "denial_ids": []int64{id},
		})
	})
}

func asAgent(ts *testscript.TestScript, act func(context.Context, *client.Client) error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := agent(ctx, ts)
	ts.Check(err)
	defer c.Close()
	ts.Check(act(ctx, c))
}

// file files a proposal on the newest revision.
func file(ctx context.Context, ts *testscript.TestScript, c *client.Client, proposal map[string]any) error {
	var current struct {
		Revision int `json:"revision"`
	}
	if err := call(ctx, c, "get_policy", map[string]any{"sandbox": proposal["sandbox"]}, &current); err != nil {
		return err
	}
	proposal["base_revision"], proposal["reason"] = current.Revision, "the task needs it"
	var filed struct {
		ID int64 `json:"proposal_id"`
	}
	if err := call(ctx, c, "propose_policy_change", proposal, &filed); err != nil {
		return err
	}
	ts.Setenv("PROPOSAL", strconv.FormatInt(filed.ID, 10))
	return nil
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
