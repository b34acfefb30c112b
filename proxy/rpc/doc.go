// Package rpc reads which calls a JSON-RPC or MCP request makes, and writes the errors that answer them.
//
// The calls are judged here and carried out by a server that reads the same bytes with another parser.
// [Read] therefore accepts only what every server takes for the same calls, and [ReadMCP] also only
// headers that name what the body does. Both judge one HTTP request: what a session agreed on before
// is not known to them.
package rpc
