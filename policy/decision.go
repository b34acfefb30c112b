package policy

import "net/netip"

// Caller is the program behind a connection, as the kernel names it inside the sandbox.
type Caller struct {
	Exe       string   // absolute path of the executable
	Ancestors []string // executables of the ancestors, nearest first, up to but without the sandbox's init
	Tainted   string   // a file of the agent's own whose code runs in it; "" for none
	Unknown   string   // why no identity could be established; then nothing is granted
}

// Verdict is the answer to a connection or request.
type Verdict string

// The verdicts. Audited is forwarded although the rules would deny it.
const (
	Allowed Verdict = "allow"
	Denied  Verdict = "deny"
	Audited Verdict = "audit"
)

// Code says in one word why something was denied; the set is closed.
type Code string

// The codes of denials. Only CodePolicy can be answered by adding to the policy.
const (
	CodePolicy     Code = "policy_denied"        // nothing allows it
	CodeDenyRule   Code = "deny_rule"            // a deny rule forbids it
	CodeIdentity   Code = "unknown_identity"     // the caller could not be established
	CodeAddress    Code = "address_denied"       // the name resolved to a forbidden address (SSRF)
	CodeAuthority  Code = "authority_mismatch"   // SNI, Host and destination differ
	CodeMalformed  Code = "malformed_request"    // the request cannot be judged
	CodeTooLong    Code = "body_too_long"        // the body is longer than the endpoint lets be read
	CodeCredential Code = "credential_misuse"    // a placeholder outside its provider's hosts
	CodeProtocol   Code = "unsupported_protocol" // the client speaks what cannot be inspected
	CodeFile       Code = "file_denied"          // a file that is not in the view, or may not be changed
	CodeRecord     Code = "audit_unavailable"    // the decision cannot be recorded
	CodeHostPort   Code = "host_port"            // a port of the host that was not lent when the sandbox was created
)

// Ref points at the part of a policy that took part in a decision.
type Ref struct {
	Block    string `json:"block"`
	Endpoint string `json:"endpoint"` // host:port and path selector, and how it is read where that is narrower
	Effect   string `json:"effect"`   // "allow", "deny", "no match", "binary does not match", "caller is tainted", "port does not match"
}

// Decision is a verdict and everything needed to explain it.
type Decision struct {
	Verdict     Verdict
	Code        Code   // empty when allowed; when audited, that of the denial it would be
	Layer       string // "l4" or "l7"
	Protocol    string // "l4", "rest", ...
	Policy      string // key of the deciding block, the closest one for a denial, or "-"
	Reason      string // one sentence
	RuleMissing string // YAML that would allow exactly it: an endpoint for Policy (l7), a whole block (l4); empty where no addition can
	By          []Ref
}

// Destination is where a connection wants to go and who asks.
type Destination struct {
	Host   string // canonical name or literal address
	Port   int
	Caller Caller
}

// Request is one inspected request in canonical form, see CanonicalPath.
type Request struct {
	Method string
	Path   string
	Query  string // raw, without "?"

	// Override is the method that a field of its body asks for, which a server may execute instead; "" for none.
	Override string

	Upgrade bool              // it asks to become a WebSocket, in which client and server send what they like
	Actions []Action          // what its body asks for, as far as Reads wanted it
	Unread  map[string]string // by protocol, why what Reads wanted could not be read
}

// Admission is the L4 answer for a destination and the endpoints that take part.
// It belongs to the engine that made it and is cheap: make one per request.
type Admission struct {
	Decision   Decision
	Inspect    bool           // requests are judged one by one by Request
	SkipTLS    bool           // the endpoint says tls: skip
	AllowedIPs []netip.Prefix // private ranges the endpoints open
	// EncodedSlash says that an endpoint sets allow_encoded_slash. Whatever
	// CanonicalPath was told, the others allow no path with an escaped slash; the
	// denial names the line to add.
	EncodedSlash bool

	engine *Engine
	dest   Destination
	parts  parts
	shuns  parts // of blocks that do not admit the caller only because it is tainted: they still deny
}
