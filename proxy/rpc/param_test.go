package rpc_test

import (
	"fmt"
	"testing"

	"exeat/proxy/rpc"
)

func TestParam(t *testing.T) {
	const (
		absent  = "absent"
		unclear = "unclear"
	)
	for _, tt := range []struct{ name, params, path, want string }{
		{"string", `{"name":"echo"}`, "params.name", "=echo"},
		{"empty string", `{"name":""}`, "params.name", "="},
		{"nested", `{"arguments":{"repo":{"owner":"acme"}}}`, "params.arguments.repo.owner", "=acme"},
		{"key with dots", `{"_meta":{"io.example/v":"1"}}`, "params._meta.io.example/v", "=1"},
		{"no such key", `{"arguments":{}}`, "params.arguments.repo", absent},
		{"null", `{"arguments":{"repo":null}}`, "params.arguments.repo", absent},
		{"null on the way", `{"arguments":null}`, "params.arguments.repo", absent},
		{"outside of params", `{"name":"echo"}`, "method", absent},
		{"key in other letters", `{"arguments":{"Repo":"acme"}}`, "params.arguments.repo", unclear},
		{"key in other letters on the way", `{"Arguments":{"repo":"acme"}}`, "params.arguments.repo", unclear},
		{"key with the Kelvin sign", `{"\u212aey":"v"}`, "params.key", unclear},
		{"number", `{"id":5}`, "params.id", unclear},
		{"list", `{"repo":["acme"]}`, "params.repo", unclear},
		{"object", `{"repo":{}}`, "params.repo", unclear},
		{"string on the way", `{"repo":"acme/x"}`, "params.repo.owner", unclear},
		{"by position", `["echo"]`, "params.name", unclear},
		{"two ways to read the path", `{"a":{"b":"1"},"a.b":"2"}`, "params.a.b", unclear},
	} {
		t.Run(tt.name, func(t *testing.T) {
			calls, _, err := rpc.Read(fmt.Appendf(nil, `{"jsonrpc":"2.0","id":1,"method":"m","params":%s}`, tt.params))
			if err != nil {
				t.Fatal(err)
			}
			got := absent
			switch value, ok := calls[0].Param(tt.path); {
			case ok && !calls[0].Unclear(tt.path):
				got = "=" + value
			case !ok && calls[0].Unclear(tt.path):
				got = unclear
			case ok:
				got = "both"
			}
			if got != tt.want {
				t.Errorf("%s is %s, want %s", tt.path, got, tt.want)
			}
		})
	}
}

func TestParamWithoutParams(t *testing.T) {
	if value, ok := (rpc.Call{}).Param("params.name"); ok || (rpc.Call{}).Unclear("params.name") {
		t.Errorf("a call without parameters has %q", value)
	}
}
