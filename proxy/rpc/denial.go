package rpc

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// CodeDenied is the error code of a denial. JSON-RPC leaves -32000 to -32099 to implementations, and MCP the
// first twenty of them. Clients have meanings of their own for -32000 (connection closed), -32001 (time-out,
// which is worth a retry) and -32002 (not found).
const CodeDenied = -32013

// CodeInvalid is that of a request which is none (JSON-RPC 2.0, section 5.1).
const CodeInvalid = -32600

// Refusal is why a request was denied.
type Refusal struct {
	ID        int64    // of the denial in the record; 0: it has none
	Error     string   // a code for programs, such as policy_denied
	Detail    string   // one sentence
	NextSteps []string // sentences
}

type response struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Error   fault           `json:"error"`
}

type fault struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Data    reason `json:"data"`
}

type reason struct {
	DenialID  int64    `json:"denial_id"`
	Error     string   `json:"error"`
	Detail    string   `json:"detail"`
	NextSteps []string `json:"next_steps"`
}

// Awaited reports that somebody waits for an answer to one of the calls.
func Awaited(calls []Call) bool { return slices.ContainsFunc(calls, Call.awaits) }

func (c Call) awaits() bool { return c.Method != "" && c.ID != "" }

// Denial answers each call that has an id with an error (JSON-RPC 2.0, section 5.1): one object, or an array
// for a batch. Nothing of a denied batch may reach the server, so all of its calls get the error. It is nil
// where nobody waits for an answer, as for notifications and responses: those get an HTTP 403.
//
// Where no call could be read, there is one error without an id, as the specification has it.
//
// It must be sent with status 200 and as application/json. MCP clients give that to the model as the error of
// the call. On a 403 to initialize some look for a server of 2024-11-05, and a 404 ends a session.
func Denial(calls []Call, batch bool, d Refusal) []byte {
	answers := []response{}
	for _, c := range calls {
		if c.awaits() {
			answers = append(answers, response{Version: "2.0", ID: json.RawMessage(c.ID), Error: d.fault()})
		}
	}
	switch {
	case len(calls) == 0:
		f := d.fault()
		f.Code = CodeInvalid
		return encode(response{Version: "2.0", ID: json.RawMessage("null"), Error: f})
	case len(answers) == 0:
		return nil
	case batch:
		return encode(answers)
	}
	return encode(answers[0])
}

func (d Refusal) fault() fault {
	return fault{Code: CodeDenied, Message: d.message(), Data: reason{
		DenialID: d.ID, Error: d.Error, Detail: d.Detail, NextSteps: append([]string{}, d.NextSteps...),
	}}
}

// message says everything in one text: clients show it and drop the data.
func (d Refusal) message() string {
	head := fmt.Sprintf("denied by exeat (%s)", d.Error)
	if d.ID > 0 {
		head = fmt.Sprintf("denied by exeat (%s, denial %d)", d.Error, d.ID)
	}
	return strings.Join(append([]string{head + ": " + strings.TrimSuffix(d.Detail, ".") + "."}, d.NextSteps...), " ")
}
