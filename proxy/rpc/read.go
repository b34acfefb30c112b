package rpc

import (
	"errors"
	"fmt"

	"exeat/proxy/strictjson"
)

// maxBatch bounds the calls of a batch, each of which is decided and may be answered.
const maxBatch = 64

// Call is one message of a JSON-RPC 2.0 body.
type Call struct {
	Method string // "" for a response, with which a client answers a server's own request
	ID     string // JSON of the id; "" for a notification
	Tool   string // params.name of tools/call

	params strictjson.Value
}

// Read reads a body that is one message, or a batch of at most 64 (JSON-RPC 2.0, sections 4 to 6). Stricter
// than the specification, it refuses members that are not defined, and ids and methods that servers
// could read differently. Whether a response may pass is for the caller to decide.
func Read(body []byte) (calls []Call, batch bool, err error) {
	v, err := strictjson.Parse(body)
	if err != nil {
		return nil, false, err
	}
	if v.Kind() == strictjson.Array {
		calls, err = readBatch(v)
		return calls, true, err
	}
	call, err := read(v)
	if err != nil {
		return nil, false, err
	}
	return []Call{call}, false, nil
}

func readBatch(v strictjson.Value) ([]Call, error) {
	switch n := v.Len(); {
	case n == 0:
		return nil, errors.New("the batch is empty")
	case n > maxBatch:
		return nil, fmt.Errorf("the batch has %d messages: send at most %d at once", n, maxBatch)
	}
	calls := make([]Call, 0, v.Len())
	for message := range v.Array() {
		call, err := read(message)
		if err != nil {
			return nil, fmt.Errorf("message %d of the batch: %w", len(calls)+1, err)
		}
		calls = append(calls, call)
	}
	return calls, nil
}
