package rpc_test

import (
	"strings"
	"testing"

	"exeat/proxy/rpc"
)

var refusal = rpc.Refusal{
	ID: 17, Error: "policy_denied", Detail: "tools/call of delete <all> is not allowed",
	NextSteps: []string{"Stop retrying.", "Report denial 17 to the user."},
}

const fault = `"error":{"code":-32013,"message":"denied by exeat (policy_denied, denial 17): tools/call of delete <all> is not allowed. ` +
	`Stop retrying. Report denial 17 to the user.","data":{"denial_id":17,"error":"policy_denied",` +
	`"detail":"tools/call of delete <all> is not allowed","next_steps":["Stop retrying.","Report denial 17 to the user."]}}}`

func TestDenial(t *testing.T) {
	for _, tt := range []struct{ name, body, want string }{
		{"call", echo, `{"jsonrpc":"2.0","id":1,` + fault},
		{"id is a string", `{"jsonrpc":"2.0","id":"<a>\u2028","method":"a"}`, `{"jsonrpc":"2.0","id":"<a>\u2028",` + fault},
		{"id is null", `{"jsonrpc":"2.0","id":null,"method":"a"}`, `{"jsonrpc":"2.0","id":null,` + fault},
		{"id beyond 2^53", `{"jsonrpc":"2.0","id":9007199254740993,"method":"a"}`, `{"jsonrpc":"2.0","id":9007199254740993,` + fault},
		{"notification", `{"jsonrpc":"2.0","method":"a"}`, ""},
		{"response", answer, ""},
		{
			"batch of two calls, a notification and a response",
			`[` + ping + `,{"jsonrpc":"2.0","method":"a"},{"jsonrpc":"2.0","id":5,"result":1},{"jsonrpc":"2.0","id":"b","method":"tools/call"}]`,
			`[{"jsonrpc":"2.0","id":1,` + fault + `,{"jsonrpc":"2.0","id":"b",` + fault + `]`,
		},
		{"batch of one", `[` + ping + `]`, `[{"jsonrpc":"2.0","id":1,` + fault + `]`},
		{"batch of notifications", `[{"jsonrpc":"2.0","method":"a"},{"jsonrpc":"2.0","method":"b"}]`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			calls, batch, err := rpc.Read([]byte(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			if got := string(rpc.Denial(calls, batch, refusal)); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestDenialWithoutRecord(t *testing.T) {
	unrecorded := rpc.Refusal{Error: "record_unavailable", Detail: "Nothing is let through."}
	got := string(rpc.Denial([]rpc.Call{{Method: "a", ID: "1"}}, false, unrecorded))
	for _, want := range []string{`"denied by exeat (record_unavailable): Nothing is let through."`, `"denial_id":0`, `"next_steps":[]`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s has no %s", got, want)
		}
	}
}
