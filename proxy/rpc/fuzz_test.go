package rpc_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"exeat/proxy/rpc"
)

// FuzzRead holds what Read accepts to what encoding/json reads, which takes keys in any case and the
// last of equal ones: written again from there, it is the same calls.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"a":[1,null,"\u0000"]}}}`,
		`{"jsonrpc":"2.0","id":"x","method":"tools\u002fcall","params":{"Name":"b"}}`,
		`[{"jsonrpc":"2.0","id":1,"method":"a"},{"jsonrpc":"2.0","id":null,"result":1}]`,
		`{"jsonrpc":"2.0","method":"a","Method":"b"}`, `[]`, `[[]]`, `{"jsonrpc":"2.0","id":1e400,"method":"a"}`, "{\"\xff\":1}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		calls, batch, err := rpc.Read(body)
		if err != nil {
			return
		}
		again, batchAgain, err := rpc.Read(rewritten(t, body))
		if err != nil || batch != batchAgain || !slices.Equal(summary(calls), summary(again)) {
			t.Errorf("%q is %q, written again %q (%v)", body, summary(calls), summary(again), err)
		}
		checkFields(t, body, calls, batch)
		if answer := rpc.Denial(calls, batch, rpc.Refusal{}); answer != nil && !json.Valid(answer) {
			t.Errorf("%q is denied with %q", body, answer)
		}
	})
}

// rewritten is body as encoding/json reads and writes it.
func rewritten(t *testing.T, body []byte) []byte {
	t.Helper()
	var v any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%q was accepted, and encoding/json says %v", body, err)
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// checkFields reads body as a server in Go does, into a struct.
func checkFields(t *testing.T, body []byte, calls []rpc.Call, batch bool) {
	t.Helper()
	if !batch {
		body = slices.Concat([]byte("["), body, []byte("]"))
	}
	var messages []struct {
		Method string
		Params json.RawMessage
	}
	if err := json.Unmarshal(body, &messages); err != nil || len(messages) != len(calls) {
		t.Fatalf("encoding/json: %v, %d messages of %d", err, len(messages), len(calls))
	}
	for i, m := range messages {
		var p struct{ Name string }
		if m.Method != calls[i].Method {
			t.Errorf("%q: method %q, in a struct %q", body, calls[i].Method, m.Method)
		}
		named := m.Method == "tools/call" && json.Unmarshal(m.Params, &p) == nil
		if named && p.Name != calls[i].Tool && !calls[i].Unclear("params.name") {
			t.Errorf("%q: tool %q, in a struct %q", body, calls[i].Tool, p.Name)
		}
	}
}

// FuzzReadMCP holds what is accepted to the header: it names the one call that the body makes.
func FuzzReadMCP(f *testing.F) {
	f.Add("2026-07-28", "tools/call", "=?base64?ZWNobw==?=", []byte(stateless))
	f.Add("2025-03-26", "", "", fmt.Appendf(nil, "[%s,%s]", ping, echo))
	f.Fuzz(func(t *testing.T, revision, method, name string, body []byte) {
		h := http.Header{"Mcp-Protocol-Version": {revision}, "Mcp-Method": {method}, "Mcp-Name": {name}}
		calls, batch, err := rpc.ReadMCP(h, body, rpc.Options{StrictToolNames: true})
		if err == nil && (batch || calls[0].Method != method) {
			t.Errorf("%q and %q were accepted with %q", method, name, body)
		}
	})
}
