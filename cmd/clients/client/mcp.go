package main

import (
	"context"
	"fmt"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/mcp"
)

// callTool lists the tools of an MCP server and calls one.
func callTool(ctx context.Context, url string, args []string) error {
	c, err := client.NewStreamableHttpClient(url)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Start(ctx); err != nil {
		return err
	}
	hello := mcp.InitializeRequest{}
	hello.Params.ProtocolVersion = mcp.LATEST_PROTOCOL_VERSION
	hello.Params.ClientInfo = mcp.Implementation{Name: "client", Version: "1"}
	if _, err := c.Initialize(ctx, hello); err != nil {
		return err
	}
	tools, err := c.ListTools(ctx, mcp.ListToolsRequest{})
	if err != nil {
		return err
	}
	fmt.Println("tools:", len(tools.Tools))
	request := mcp.CallToolRequest{}
	request.Params.Name = args[0]
	result, err := c.CallTool(ctx, request)
	if err != nil {
		return err
	}
	for _, content := range result.Content {
		fmt.Println(mcp.GetTextFromContent(content))
	}
	return nil
}
