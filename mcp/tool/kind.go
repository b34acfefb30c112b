package tool

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"

	"exeat/policy"
)

// sentences say each kind of denial in our own words; the proxy's, which can
// quote the request, stand under untrusted.
var sentences = map[string]string{
	string(policy.CodePolicy):     "not permitted by policy",
	string(policy.CodeDenyRule):   "forbidden by a deny rule",
	string(policy.CodeIdentity):   "not permitted: the program could not be identified",
	string(policy.CodeAddress):    "not permitted: the name leads to an address that is closed to sandboxes",
	string(policy.CodeAuthority):  "not permitted: the request names another host than its connection",
	string(policy.CodeMalformed):  "not permitted: the request has no unambiguous meaning",
	string(policy.CodeTooLong):    "not permitted: the body is longer than the endpoint lets be read",
	string(policy.CodeCredential): "not permitted: a credential was sent where it does not belong",
	string(policy.CodeProtocol):   "not permitted: what the client speaks cannot be inspected",
	string(policy.CodeFile):       "not permitted: the file is not in the sandbox's view, may not be changed, or is a socket of the host",
	string(policy.CodeRecord):     "not permitted: the decision could not be recorded",
	string(policy.CodeHostPort):   "not permitted: a port of the host is lent when a sandbox is created, and at no other time",
	"credential_detached":         "not permitted: the provider of the credential was detached from the sandbox",
	"foreign_credential":          "not permitted: somebody else's credential was sent to a provider's host",
	"busy":                        "not permitted: too many other requests were being read",
	"internal_error":              "not permitted: exeat failed while handling it",
	"upstream_tls":                "permitted, but the server's certificate or TLS was not accepted",
	"upstream_timeout":            "permitted, but the server did not answer in time",
	"upstream_unreachable":        "permitted, but the server could not be reached",
}

func sentence(code string) string {
	return cmp.Or(sentences[code], "not permitted")
}

// KindSchema is the schema of an argument that names a kind of denial.
func KindSchema() string {
	text, _ := json.Marshal(map[string]any{"type": "string", "enum": slices.Sorted(maps.Keys(sentences))})
	return string(text)
}
