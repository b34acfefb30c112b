package proxy

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"exeat/policy"
	"exeat/policy/alike"
)

// unreadable says why no body was read, in words for the one who sent it.
func (x *exchange) unreadable() error {
	coding := strings.Join(sent(x.r.Header, "Content-Encoding"), ", ")
	limit := x.read.reads.Limit
	switch {
	case coding != "" && coding != "identity":
		return fmt.Errorf("its body is encoded as %s: send it as it is", oneLine(coding))
	case x.read.long || int64(len(x.read.body)) > limit: // of two policies while it came, the first let more be read
		return fmt.Errorf("its body is longer than the %d bytes that the policy lets be read (%s of the endpoint)", limit, x.limitField())
	case len(sent(x.r.Header, "Content-Type")) > 1:
		// Readers differ in which they take: what is JSON to one is a form to another.
		return errors.New("it has more than one Content-Type: send one")
	}
	return nil
}

// limitField is the field of an endpoint that says how much of a body is read.
func (x *exchange) limitField() string {
	switch reads := x.read.reads; {
	case reads.GraphQL:
		return "graphql_max_body_bytes"
	case reads.MCP:
		return "mcp.max_body_bytes"
	}
	return "json_rpc.max_body_bytes"
}

// judged is a denial by the policy; one of a body that was not read says how to have it read.
func (x *exchange) judged(d policy.Decision) *refusal {
	if d.Code == policy.CodeMalformed && x.read.long && (x.read.reads.GraphQL || x.read.reads.MCP || x.read.reads.JSONRPC) {
		d.Code = policy.CodeTooLong
	}
	return denied(d)
}

// bodiless refuses a body where the method gives it no meaning (RFC 9110 9.3.1, 9.3.5): nobody reads it here,
// and some frameworks prefer it to the query string.
func (x *exchange) bodiless() error {
	if x.r.ContentLength != 0 {
		return fmt.Errorf("it is a %s with a body, which is not read: send none", x.r.Method)
	}
	return nil
}

// sent are all values of a field. CGI reads "_" and "-" alike.
func sent(h http.Header, name string) []string {
	var all []string
	for key, values := range h {
		if alike.Field(key) == alike.Field(name) {
			all = append(all, values...)
		}
	}
	return all
}
