package rpc_test

import (
	"net/http"
	"strings"
	"testing"

	"exeat/proxy/rpc"
)

// The bodies that the rows below send.
const (
	ping       = `{"jsonrpc":"2.0","id":1,"method":"ping"}`
	echo       = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"}}`
	read       = `{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"file:///ä"}}`
	poll       = `{"jsonrpc":"2.0","id":1,"method":"tasks/get","params":{"taskId":"t1"}}`
	answer     = `{"jsonrpc":"2.0","id":1,"result":{"action":"accept"}}`
	initialize = `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18"}}`
	stateless  = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo",` +
		`"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}`
)

// header is the fields of an HTTP request from "name: value" lines.
func header(lines ...string) http.Header {
	h := http.Header{}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		h[name] = append(h[name], value)
	}
	return h
}

func TestReadMCP(t *testing.T) {
	for _, tt := range []struct {
		name   string
		header http.Header
		body   string
		o      rpc.Options
	}{
		{"no header at all", header(), echo, rpc.Options{}},
		{"2025-06-18", header("Mcp-Protocol-Version: 2025-06-18"), echo, rpc.Options{}},
		{
			"names that agree",
			header("Mcp-Protocol-Version: 2026-07-28", "Mcp-Method: tools/call", "Mcp-Name: echo"), stateless,
			rpc.Options{},
		},
		{"a name in Base64", header("Mcp-Method: resources/read", "Mcp-Name: =?base64?ZmlsZTovLy/DpA==?="), read, rpc.Options{}},
		{"a task", header("Mcp-Method: tasks/get", "Mcp-Name: t1"), poll, rpc.Options{}},
		{"a method without a name", header("Mcp-Method: ping"), ping, rpc.Options{}},
		{"response", header("Mcp-Protocol-Version: 2025-11-25"), answer, rpc.Options{}},
		{"notification", header(), `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}`, rpc.Options{}},
		{"batch without a header", header(), "[" + ping + "," + echo + "]", rpc.Options{}},
		{
			"batch in 2025-03-26",
			header("Mcp-Protocol-Version: 2025-03-26"), "[" + ping + "]",
			rpc.Options{Versions: []string{"2025-03-26"}},
		},
		{"initialize without a header", header(), initialize, rpc.Options{Versions: []string{"2025-06-18"}}},
		{"no header where 2025-03-26 is allowed", header(), echo, rpc.Options{Versions: []string{"2025-03-26", "2025-11-25"}}},
		{"a tool with a space", header(), strings.ReplaceAll(echo, "echo", "read file"), rpc.Options{}},
		{"a plain name", header(), strings.ReplaceAll(echo, "echo", "a.B_c-9"), rpc.Options{StrictToolNames: true}},
		{"a name of 128", header(), strings.ReplaceAll(echo, "echo", strings.Repeat("a", 128)), rpc.Options{StrictToolNames: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if calls, _, err := rpc.ReadMCP(tt.header, []byte(tt.body), tt.o); err != nil || len(calls) == 0 {
				t.Errorf("%d calls, %v", len(calls), err)
			}
		})
	}
}

func TestReadMCPRefuses(t *testing.T) {
	strict := rpc.Options{StrictToolNames: true}
	june := rpc.Options{Versions: []string{"2025-06-18"}}
	for _, tt := range []struct {
		name   string
		header http.Header
		body   string
		o      rpc.Options
		want   string
	}{
		{"not JSON-RPC", header(), `{}`, rpc.Options{}, "jsonrpc"},
		{"no revision is left", header("Mcp-Protocol-Version: 2025-06-18"), echo, rpc.Options{Versions: []string{}}, "none at all of its endpoints"},
		{"no revision is left, and none is named", header(), echo, rpc.Options{Versions: []string{}}, "none at all of its endpoints"},
		{"no revision is left to begin with", header(), initialize, rpc.Options{Versions: []string{}}, "none at all of its endpoints"},
		{"id is null", header(), `{"jsonrpc":"2.0","id":null,"method":"ping"}`, rpc.Options{}, "id is null"},

		{"tool without params", header(), `{"jsonrpc":"2.0","id":1,"method":"tools/call"}`, rpc.Options{}, "needs params.name"},
		{"tool by position", header(), `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":["echo"]}`, rpc.Options{}, "send an object"},
		{
			"tool is a number",
			header(), `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":1}}`,
			rpc.Options{},
			"needs params.name",
		},
		{
			"tool is empty",
			header(), `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":""}}`,
			rpc.Options{},
			"needs params.name",
		},
		{
			"tool under Name",
			header(), `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"Name":"echo"}}`,
			rpc.Options{},
			"needs params.name",
		},
		{"tool ends in NUL", header(), strings.ReplaceAll(echo, "echo", `echo\u0000`), rpc.Options{}, "control characters"},
		{"strict: a space", header(), strings.ReplaceAll(echo, "echo", "read file"), strict, "128 ASCII"},
		{"strict: a slash", header(), strings.ReplaceAll(echo, "echo", "a/b"), strict, "128 ASCII"},
		{"strict: a letter beyond ASCII", header(), strings.ReplaceAll(echo, "echo", "écho"), strict, "128 ASCII"},
		{"strict: 129 characters", header(), strings.ReplaceAll(echo, "echo", strings.Repeat("a", 129)), strict, "128 ASCII"},

		{"unknown revision", header("Mcp-Protocol-Version: 2027-01-01"), ping, rpc.Options{}, `revision "2027-01-01"`},
		{"empty revision", header("Mcp-Protocol-Version: "), ping, rpc.Options{}, `revision ""`},
		{"revision that is not allowed", header("Mcp-Protocol-Version: 2025-11-25"), ping, june, `revision "2025-11-25"`},
		{"revision twice", header("Mcp-Protocol-Version: 2025-06-18", "Mcp-Protocol-Version: 2025-06-18"), ping, june, "more than once"},
		{
			"revision in two spellings",
			header("Mcp-Protocol-Version: 2025-06-18", "MCP-Protocol-Version: 2025-03-26"), ping,
			rpc.Options{},
			"more than once",
		},
		{"revision as CGI spells it", header("Mcp_Protocol_Version: 2025-06-18"), ping, june, "underscore"},
		{"revision left out", header(), ping, june, "is missing, which means 2025-03-26"},
		{
			"initialize offers another",
			header(), strings.ReplaceAll(initialize, "06-18", "11-25"), june, `initialize names revision "2025-11-25"`,
		},
		{
			"initialize offers a list",
			header(), strings.ReplaceAll(initialize, `"2025-06-18"`, `["2025-06-18"]`), june, "needs params.protocolVersion",
		},
		{"initialize offers nothing", header(), `{"jsonrpc":"2.0","id":0,"method":"initialize"}`, june, "needs params.protocolVersion"},
		{
			"initialize in other letters",
			header(), strings.ReplaceAll(initialize, "protocolV", "ProtocolV"), june, "needs params.protocolVersion",
		},
		{"header and _meta differ", header("Mcp-Protocol-Version: 2025-03-26"), stateless, rpc.Options{}, "must be equal"},
		{"_meta without the header", header(), stateless, rpc.Options{}, "must be equal"},
		{
			"_meta in other letters", header("Mcp-Protocol-Version: 2025-03-26"),
			strings.ReplaceAll(stateless, "/protocolV", "/ProtocolV"),
			rpc.Options{},
			"not a plain string",
		},

		{"batch in 2025-06-18", header("Mcp-Protocol-Version: 2025-06-18"), "[" + ping + "]", rpc.Options{}, "one message a request"},
		{"batch in 2026-07-28", header("Mcp-Protocol-Version: 2026-07-28"), "[" + ping + "]", rpc.Options{}, "one message a request"},
		{
			"batch where 2024-11-05 is allowed",
			header(), "[" + ping + "]",
			rpc.Options{Versions: []string{"2024-11-05"}},
			"one message a request",
		},
		{"batch begins with initialize", header(), "[" + initialize + "]", june, "one message a request"},
		{"initialize in a batch", header(), "[" + ping + "," + initialize + "]", rpc.Options{}, "cannot be part of a batch"},
		{"batch with a method", header("Mcp-Method: ping"), "[" + ping + "]", rpc.Options{}, "cannot stand for a batch"},
		{
			"bad tool in a batch",
			header(), "[" + ping + "," + strings.ReplaceAll(echo, "echo", "a b") + "]", strict, "message 2 of the batch",
		},

		{"another method", header("Mcp-Method: tools/list"), echo, rpc.Options{}, "must be equal"},
		{"method in other letters", header("Mcp-Method: Tools/Call"), echo, rpc.Options{}, "must be equal"},
		{"method twice", header("Mcp-Method: tools/call", "Mcp-Method: tools/list"), echo, rpc.Options{}, "more than once"},
		{"two methods in one", header("Mcp-Method: tools/call, tools/list"), echo, rpc.Options{}, "must be equal"},
		{"method as CGI spells it", header("Mcp-Method: tools/call", "Mcp_Method: tools/list"), echo, rpc.Options{}, "underscore"},
		{"method of a response", header("Mcp-Method: tools/call"), answer, rpc.Options{}, "must be equal"},
		{"another name", header("Mcp-Name: delete"), echo, rpc.Options{}, "must be equal"},
		{"another name in Base64", header("Mcp-Name: =?base64?ZGVsZXRl?="), echo, rpc.Options{}, "must be equal"},
		{"bad Base64", header("Mcp-Name: =?base64?ZWNobx==?="), echo, rpc.Options{}, "not Base64"},
		{
			"encoded and taken literally",
			header("Mcp-Name: =?base64?eA==?="), strings.ReplaceAll(echo, "echo", "=?base64?eA==?="),
			rpc.Options{},
			"must be equal",
		},
		{"an empty name", header("Mcp-Name: "), echo, rpc.Options{}, "must be equal"},
		{"another task", header("Mcp-Name: t2"), poll, rpc.Options{}, "must be equal"},
		{"a name for what has none", header("Mcp-Name: echo"), ping, rpc.Options{}, "nothing that it names"},
		{"name twice", header("Mcp-Name: echo", "Mcp-Name: echo"), echo, rpc.Options{}, "more than once"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			calls, _, err := rpc.ReadMCP(tt.header, []byte(tt.body), tt.o)
			if err == nil || !strings.Contains(err.Error(), tt.want) || calls != nil {
				t.Errorf("calls %v, error %v, want one with %q", calls, err, tt.want)
			}
		})
	}
}
