package clients_test

const postJSON = `curl -sS -H 'Content-Type: application/json' `

// Requests whose body says what they ask for.
var callRows = []row{
	{name: "GraphQL query", command: postJSON + `$O/graphql -d '{"query":"{ viewer { login } }"}'`, want: `"login":"octocat"`},
	{
		name: "denied GraphQL mutation", command: postJSON + `$O/graphql -d '{"query":"mutation { erase { id } }"}'`,
		want: `^{"errors":\[.*"message":"denied by exeat: \d+: mutation erase \(POST /graphql\) not permitted by policy"`,
	},
	{
		name:    "denied mutation beside a query",
		command: postJSON + `$O/graphql -d '{"operationName":"a","query":"query a { viewer } mutation b { erase }"}'`,
		want:    `"message":"denied by exeat: \d+: mutation b`,
	},
	{name: "denied GraphQL as a form", command: `curl -sS $O/graphql -d '{"query":"{ viewer }"}'`, want: `send application/json`},
	{name: "JSON-RPC", command: postJSON + `$O/rpc -d '{"jsonrpc":"2.0","id":7,"method":"get"}'`, want: `"id":7,.*"result":"called get"`},
	{
		name: "denied JSON-RPC", command: postJSON + `$O/rpc -d '{"jsonrpc":"2.0","id":7,"method":"set"}'`,
		want: `"id":7,"error":{"code":-\d+,"message":"denied by exeat \(policy_denied, denial \d+\): set \(POST /rpc\) not permitted by policy`,
	},
	{name: "MCP tool", command: `$C mcp $O/mcp search`, want: "^tools: 2$\n^found it$"},
	{
		name: "denied MCP tool", command: `$C mcp $O/mcp erase`,
		code: 1, want: "^client: denied by exeat \\(deny_rule, denial \\d+\\): tools/call erase \\(POST /mcp\\) forbidden by a deny rule",
	},
	{
		name: "denied MCP server", command: `$C mcp $O/mcp2 search`,
		code: 1, never: "POST /mcp2", want: "^client: .*denied by exeat \\(policy_denied, denial \\d+\\): POST /mcp2 not permitted by policy",
	},
}

// Connections that are upgraded.
var socketRows = []row{
	{name: "WebSocket", command: `$C ws wss://origin.example.com/ws/echo one two`, want: "^heard welcome$\n^heard one$\n^heard two$"},
	{name: "WebSocket that is only read", command: `$C ws wss://origin.example.com/ws/read`, want: "^heard welcome$"},
	{
		name: "denied message", command: `$C ws wss://origin.example.com/ws/read one`, code: 1,
		want: "^heard welcome$\nStatusPolicyViolation and reason = \"denied by exeat: \\d+: WEBSOCKET_TEXT /ws/read not permitted by policy\"",
	},
	{
		name: "denied WebSocket", command: `$C ws wss://origin.example.com/ws/other`,
		code: 1, never: "GET /ws/other", want: `403 denied by exeat: \d+`,
	},
	{
		name: "GraphQL subscription", command: `$C ws-graphql wss://origin.example.com/ws/graphql 'subscription { messageAdded }'`,
		want: "^next .*\"messageAdded\":\"hello\"\n^complete",
	},
	{
		name: "denied GraphQL over WebSocket", command: `$C ws-graphql wss://origin.example.com/ws/graphql 'mutation { erase }'`, code: 1,
		want: "connection_ack\nreason = \"denied by exeat: \\d+: mutation erase",
	},
	{name: "TCP", command: `cat </dev/tcp/origin.example.com/6379`, want: `^\+PONG`},
	{name: "denied TCP", command: `cat </dev/tcp/away.example.com/6379`, code: 1, want: `Connection reset by peer`},
}
