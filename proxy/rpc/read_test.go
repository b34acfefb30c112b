package rpc_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exeat/proxy/rpc"
)

// summary is a call in one line: method, id, tool.
func summary(calls []rpc.Call) []string {
	out := []string{}
	for _, c := range calls {
		out = append(out, strings.Join([]string{c.Method, c.ID, c.Tool}, " "))
	}
	return out
}

func TestRead(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		want       []string
		batch      bool
	}{
		{"request", `{"jsonrpc":"2.0","id":1,"method":"reports.list","params":{"a":1}}`, []string{"reports.list 1 "}, false},
		{"parameters by position", `{"jsonrpc":"2.0","id":1,"method":"sum","params":[1,2]}`, []string{"sum 1 "}, false},
		{"notification", `{"jsonrpc":"2.0","method":"notifications/initialized"}`, []string{"notifications/initialized  "}, false},
		{"id is a string", `{"jsonrpc":"2.0","id":"a<\"b","method":"m"}`, []string{`m "a<\"b" `}, false},
		{"id is null", `{"jsonrpc":"2.0","id":null,"method":"m"}`, []string{"m null "}, false},
		{"id is a large integer", `{"jsonrpc":"2.0","id":9007199254740993,"method":"m"}`, []string{"m 9007199254740993 "}, false},
		{"id is a negative integer", `{"jsonrpc":"2.0","id":-1,"method":"m"}`, []string{"m -1 "}, false},
		{"tool", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"}}`, []string{"tools/call 1 echo"}, false},
		{
			"escapes are what they stand for",
			`{"jsonrpc":"2.0","id":1,"m\u0065thod":"tools\u002fcall","params":{"n\u0061me":"\u0065cho"}}`,
			[]string{"tools/call 1 echo"},
			false,
		},
		{"result of the client", `{"jsonrpc":"2.0","id":7,"result":{}}`, []string{" 7 "}, false},
		{"error of the client", `{"jsonrpc":"2.0","id":7,"error":{"code":-1,"message":"no"}}`, []string{" 7 "}, false},
		{"error without an id", `{"jsonrpc":"2.0","error":{"code":-1,"message":"no"}}`, []string{"  "}, false},
		{
			"batch", `[{"jsonrpc":"2.0","id":1,"method":"a"},{"jsonrpc":"2.0","method":"b"},{"jsonrpc":"2.0","id":2,"result":1}]`,
			[]string{"a 1 ", "b  ", " 2 "},
			true,
		},
		{"batch of one", `[{"jsonrpc":"2.0","id":1,"method":"a"}]`, []string{"a 1 "}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			calls, batch, err := rpc.Read([]byte(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, summary(calls)); diff != "" || batch != tt.batch {
				t.Errorf("batch %v, calls (-want +got):\n%s", batch, diff)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	call := `{"jsonrpc":"2.0","id":1,"method":"a"}`
	for _, tt := range []struct{ name, body, want string }{
		{"nothing", ``, "value is missing"},
		{"no JSON", `method=a`, "neither"},
		{"a string", `"tools/call"`, "a string is no JSON-RPC message"},
		{"null", `null`, "null is no JSON-RPC message"},
		{"two messages", call + call, "follows the value"},
		{"two lines", call + "\n" + call, "follows the value"},
		{"byte order mark", "\ufeff" + call, "byte order mark"},
		{"method twice", `{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}`, "stands twice"},
		{"method twice, once with an escape", `{"jsonrpc":"2.0","id":1,"method":"ping","m\u0065thod":"tools/call"}`, "stands twice"},
		{"method and Method", `{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call"}`, "ignore case"},
		{"Method alone", `{"jsonrpc":"2.0","id":1,"Method":"tools/call"}`, "neither method, result nor error"},
		{"result and Method", `{"jsonrpc":"2.0","id":1,"result":{},"Method":"tools/call"}`, `"Method"`},
		{"params with the long s", `{"jsonrpc":"2.0","id":1,"method":"a","param\u017f":{"name":"b"}}`, "leave it out"},
		{"name twice", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","name":"b"}}`, "stands twice"},
		{"name and Name", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","Name":"b"}}`, "ignore case"},
		{"jsonrpc is missing", `{"id":1,"method":"a"}`, "jsonrpc"},
		{"jsonrpc is 1.0", `{"jsonrpc":"1.0","id":1,"method":"a"}`, "jsonrpc"},
		{"jsonrpc is a number", `{"jsonrpc":2.0,"id":1,"method":"a"}`, "jsonrpc"},
		{"method is empty", `{"jsonrpc":"2.0","id":1,"method":""}`, "at least one character"},
		{"method is null", `{"jsonrpc":"2.0","id":1,"method":null}`, "at least one character"},
		{"method is a list", `{"jsonrpc":"2.0","id":1,"method":["tools/call"]}`, "at least one character"},
		{"method ends in NUL", `{"jsonrpc":"2.0","id":1,"method":"tools/call\u0000"}`, "printable ASCII"},
		{"method begins with a space", `{"jsonrpc":"2.0","id":1,"method":" tools/call"}`, "printable ASCII"},
		{"method ends in a line", `{"jsonrpc":"2.0","id":1,"method":"tools/call\n"}`, "printable ASCII"},
		{"method has wide letters", `{"jsonrpc":"2.0","id":1,"method":"ｔools/call"}`, "printable ASCII"},
		{"method has half a surrogate", `{"jsonrpc":"2.0","id":1,"method":"tools/call\ud800"}`, "surrogate"},
		{"method is not UTF-8", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\xff\"}", "UTF-8"},
		{"method and result", `{"jsonrpc":"2.0","id":1,"method":"a","result":{}}`, `"result"`},
		{"method and error", `{"jsonrpc":"2.0","id":1,"method":"a","error":{}}`, `"error"`},
		{"result and error", `{"jsonrpc":"2.0","id":1,"result":{},"error":{}}`, "both result and error"},
		{"error is a string", `{"jsonrpc":"2.0","id":1,"error":"no"}`, "must be an object"},
		{"result without an id", `{"jsonrpc":"2.0","result":{}}`, "no id"},
		{"result with parameters", `{"jsonrpc":"2.0","id":1,"result":{},"params":{}}`, `"params"`},
		{"id is a fraction", `{"jsonrpc":"2.0","id":1.5,"method":"a"}`, "id must be"},
		{"id has an exponent", `{"jsonrpc":"2.0","id":1e3,"method":"a"}`, "id must be"},
		{"id is an object", `{"jsonrpc":"2.0","id":{},"method":"a"}`, "id must be"},
		{"id is true", `{"jsonrpc":"2.0","id":true,"method":"a"}`, "id must be"},
		{"params is a string", `{"jsonrpc":"2.0","id":1,"method":"a","params":"b"}`, "params is a string"},
		{"params is null", `{"jsonrpc":"2.0","id":1,"method":"a","params":null}`, "params is null"},
		{"_meta beside params", `{"jsonrpc":"2.0","id":1,"method":"a","_meta":{}}`, `"_meta"`},
		{"empty batch", `[]`, "batch is empty"},
		{"batch in a batch", `[[` + call + `]]`, "message 1 of the batch: an array"},
		{"one bad message in a batch", `[` + call + `,{"jsonrpc":"2.0","id":2}]`, "message 2 of the batch"},
		{"batch of 65", `[` + strings.Repeat(call+",", 64) + call + `]`, "at most 64"},
		{"deep", `{"jsonrpc":"2.0","id":1,"method":"a","params":` + strings.Repeat("[", 100_000), "inside one another"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			calls, _, err := rpc.Read([]byte(tt.body))
			if err == nil || !strings.Contains(err.Error(), tt.want) || calls != nil {
				t.Errorf("calls %v, error %v, want one with %q", calls, err, tt.want)
			}
		})
	}
}

func TestBatchOf64(t *testing.T) {
	call := `{"jsonrpc":"2.0","id":1,"method":"a"}`
	calls, batch, err := rpc.Read([]byte(`[` + strings.Repeat(call+",", 63) + call + `]`))
	if len(calls) != 64 || !batch || err != nil {
		t.Errorf("%d calls, batch %v, error %v", len(calls), batch, err)
	}
}
