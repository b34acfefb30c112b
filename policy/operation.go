package policy

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Operation is one change of a policy: of its network policies, or of the paths
// it shows. Which fields count depends on Op; others must be absent.
type Operation struct {
	Op        string         `json:"op"`              // one of the Op constants
	Block     string         `json:"block,omitempty"` // key in network_policies
	Host      string         `json:"host,omitempty"`
	Port      int            `json:"port,omitempty"`
	Path      string         `json:"path,omitempty"` // the endpoint's selector, where host and port name several; or of filesystem_policy
	Mode      string         `json:"mode,omitempty"` // ModeReadOnly or ModeReadWrite
	Access    string         `json:"access,omitempty"`
	Slash     *bool          `json:"allow_encoded_slash,omitempty"`
	Rule      *RuleSpec      `json:"rule,omitempty"`
	Endpoint  *EndpointSpec  `json:"endpoint,omitempty"`
	Binary    *BinarySpec    `json:"binary,omitempty"`
	Endpoints []EndpointSpec `json:"endpoints,omitempty"`
	Binaries  []BinarySpec   `json:"binaries,omitempty"`
}

// The operations.
const (
	OpAddRule        = "add_rule"
	OpRemoveRule     = "remove_rule"
	OpAddDenyRule    = "add_deny_rule"
	OpRemoveDenyRule = "remove_deny_rule"
	OpSetAccess      = "set_access"
	OpSetSlash       = "set_encoded_slash"
	OpAddEndpoint    = "add_endpoint"
	OpRemoveEndpoint = "remove_endpoint"
	OpAddBinary      = "add_binary"
	OpRemoveBinary   = "remove_binary"
	OpAddBlock       = "add_block"
	OpRemoveBlock    = "remove_block"
	OpAddPath        = "add_path"    // in force when the sandbox is restarted
	OpRemovePath     = "remove_path" // in force when the sandbox is restarted
)

// RuleSpec is a rule in an operation, allow or deny by the operation's name.
// Which fields count depends on the protocol of its endpoint.
type RuleSpec struct {
	Method        string              `json:"method,omitempty"` // REST and WebSocket; MCP and JSONRPC: of the call
	Path          string              `json:"path,omitempty"`
	Query         map[string][]string `json:"query,omitempty"` // key to globs of which one must match
	Git           *GitSpec            `json:"git,omitempty"`   // REST, in place of all others
	OperationType string              `json:"operation_type,omitempty"`
	OperationName string              `json:"operation_name,omitempty"`
	Fields        []string            `json:"fields,omitempty"` // globs over the root fields of an operation
	Tool          []string            `json:"tool,omitempty"`   // globs of which one must match
}

// GitSpec is what a rule says of git: fetching from a repository, and the refs
// that may be changed.
type GitSpec struct {
	Repo   string   `json:"repo"`
	Push   []string `json:"push,omitempty"` // globs
	Create bool     `json:"create,omitempty"`
	Delete bool     `json:"delete,omitempty"`
}

// EndpointSpec is an endpoint in an operation; absent fields are absent in the policy.
type EndpointSpec struct {
	Host              string     `json:"host"`
	Port              int        `json:"port,omitempty"`
	Ports             []int      `json:"ports,omitempty"`
	Path              string     `json:"path,omitempty"`
	Protocol          string     `json:"protocol,omitempty"`
	TLS               string     `json:"tls,omitempty"`
	Enforcement       string     `json:"enforcement,omitempty"` // absent is enforce
	Access            string     `json:"access,omitempty"`
	Rules             []RuleSpec `json:"rules,omitempty"`
	DenyRules         []RuleSpec `json:"deny_rules,omitempty"`
	AllowedIPs        []string   `json:"allowed_ips,omitempty"`
	AllowEncodedSlash bool       `json:"allow_encoded_slash,omitempty"`
}

// BinarySpec is a binary in an operation; Descendants absent means true.
type BinarySpec struct {
	Path        string `json:"path"`
	Descendants *bool  `json:"descendants,omitempty"`
	Untainted   bool   `json:"untainted,omitempty"`
}

// operationFields are the fields besides op that each operation needs; all but
// those about paths also need block.
var operationFields = map[string][]string{
	OpAddRule:        {"host", "port", "rule"},
	OpRemoveRule:     {"host", "port", "rule"},
	OpAddDenyRule:    {"host", "port", "rule"},
	OpRemoveDenyRule: {"host", "port", "rule"},
	OpSetAccess:      {"host", "port", "access"},
	OpSetSlash:       {"host", "port", "allow_encoded_slash"},
	OpAddEndpoint:    {"endpoint"},
	OpRemoveEndpoint: {"endpoint"},
	OpAddBinary:      {"binary"},
	OpRemoveBinary:   {"binary"},
	OpAddBlock:       {"endpoints", "binaries"},
	OpRemoveBlock:    {},
	OpAddPath:        {"path", "mode"},
	OpRemovePath:     {"path"},
}

// given are the fields an operation has, except op and path.
func (op *Operation) given() map[string]bool {
	return map[string]bool{
		"host": op.Host != "", "port": op.Port != 0, "access": op.Access != "", "rule": op.Rule != nil,
		"block": op.Block != "", "mode": op.Mode != "", "endpoint": op.Endpoint != nil, "binary": op.Binary != nil,
		"endpoints": len(op.Endpoints) > 0, "binaries": len(op.Binaries) > 0, "allow_encoded_slash": op.Slash != nil,
	}
}

// complete checks that an operation has the fields it needs and no others: one
// that is not read would be a change its author believes to have made.
func (op *Operation) complete() *OperationError {
	needs, ok := operationFields[op.Op]
	if !ok {
		all := slices.Sorted(maps.Keys(operationFields))
		return refuse(cmp.Or(didYouMean(op.Op, all), "operations: "+strings.Join(all, ", ")), "unknown operation")
	}
	if !op.changesPath() {
		needs = append([]string{"block"}, needs...)
	}
	given := op.given()
	given["path"] = op.Path != ""
	for _, field := range needs {
		if !given[field] {
			return refuse("", "%s is missing", field)
		}
		delete(given, field)
	}
	if slices.Contains(needs, "host") {
		delete(given, "path")
	}
	for _, field := range slices.Sorted(maps.Keys(given)) {
		if given[field] {
			return refuse("", "%s means nothing here: want %s", field, strings.Join(needs, ", "))
		}
	}
	return nil
}

// target is the endpoint an operation means.
func (op *Operation) target() (host string, port int, path string) {
	host, port, path = op.Host, op.Port, op.Path
	if op.Endpoint != nil {
		host, port, path = op.Endpoint.Host, op.Endpoint.Port, op.Endpoint.Path
	}
	return canonicalName(host), port, path
}

// canonicalName is enough of CanonicalHost to compare what an operation names;
// what it adds is parsed.
func canonicalName(host string) string { return strings.TrimSuffix(strings.ToLower(host), ".") }
