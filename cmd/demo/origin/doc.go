// Package origin is a server that speaks what clients speak: REST and streams over HTTP/1.1 and HTTP/2, WebSocket, GraphQL, JSON-RPC, MCP, gRPC, and package indexes.
package origin
