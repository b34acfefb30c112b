package graphql

import (
	"encoding/json"
	"fmt"
	"slices"

	"exeat/proxy/strictjson"
)

// Message reads one text message of a client over WebSocket, in the protocol graphql-transport-ws
// ("subscribe") or the older graphql-ws ("start"). Messages that only keep a connection up have no operations;
// of a type that is not known it cannot be said what a server does.
func Message(text []byte, registered Registry) ([]Operation, error) {
	message, err := strictjson.Parse(text)
	if err != nil {
		return nil, err
	}
	for key := range message.Object() {
		if !slices.Contains([]string{"id", "type", "payload"}, key) {
			return nil, fmt.Errorf("a GraphQL message has the key %.80q: only id, type and payload are read", key)
		}
	}
	switch kind, _ := message.Get("type").Text(); kind {
	case "subscribe", "start":
		return FromPayload(message.Get("payload"), registered)
	case "connection_init", "ping", "pong", "complete", "stop", "connection_terminate":
		return nil, nil
	default:
		return nil, fmt.Errorf("a GraphQL message has the type %.80q, which is none of graphql-transport-ws or graphql-ws", kind)
	}
}

// ErrorMessage is how a server tells the client of a WebSocket that its operation failed, in the sub-protocol they speak; ""
// where it is none for GraphQL, or the message names no operation.
func ErrorMessage(subprotocol string, text []byte, reason string) string {
	var message struct {
		ID any `json:"id"`
	}
	if json.Unmarshal(text, &message) != nil || message.ID == nil {
		return ""
	}
	failure := map[string]string{"message": reason}
	answer := map[string]any{"type": "error", "id": message.ID}
	switch subprotocol {
	case "graphql-transport-ws":
		answer["payload"] = []any{failure}
	case "graphql-ws":
		answer["payload"] = failure
	default:
		return ""
	}
	out, err := json.Marshal(answer)
	if err != nil {
		return ""
	}
	return string(out)
}
