// Package mcp is the MCP server for the agent on the host: it reads sandboxes and proposes policy, and can never approve it.
//
// It is exactly as trusted as the agent that started it. It writes nothing but
// proposals, and filing a proposal is the request for approval; a human answers
// at the command line. It imports no package that could approve.
package mcp
