package graphql_test

import (
	"testing"

	"exeat/proxy/graphql"
)

// An operation that is denied fails in the words of the protocol that client and server speak.
func TestErrorMessage(t *testing.T) {
	for _, row := range []struct{ protocol, message, want string }{
		{"graphql-transport-ws", `{"id":"1","type":"subscribe"}`, `{"id":"1","payload":[{"message":"no"}],"type":"error"}`},
		{"graphql-ws", `{"id":"1","type":"start"}`, `{"id":"1","payload":{"message":"no"},"type":"error"}`},
		{"graphql-ws", `{"id":7,"type":"start"}`, `{"id":7,"payload":{"message":"no"},"type":"error"}`},
		{"graphql-ws", `{"type":"connection_init"}`, ""},
		{"graphql-ws", `none`, ""},
		{"", `{"id":"1"}`, ""},
		{"mqtt", `{"id":"1"}`, ""},
	} {
		if got := graphql.ErrorMessage(row.protocol, []byte(row.message), "no"); got != row.want {
			t.Errorf("%s %s: got %s", row.protocol, row.message, got)
		}
	}
}
