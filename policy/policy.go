package policy

// Policy is one policy document, parsed and validated. Its static sections
// are fixed when a sandbox is created; Blocks can change while it runs.
type Policy struct {
	Version    int
	Filesystem Filesystem
	Landlock   Landlock
	Process    Process
	Blocks     []Block // sorted by Key
}

// Filesystem is the static section filesystem_policy: what the sandbox's view holds.
type Filesystem struct {
	IncludeWorkdir bool
	ReadOnly       []string
	ReadWrite      []string
	// Handoff is an extension: globs of more files of the workdir that the
	// host's tools run or trust, relative to it, see [Filesystem.IsHandoff].
	Handoff []string
}

// Landlock is the static section landlock.
type Landlock struct {
	Compatibility string // BestEffort or HardRequirement
}

// Process is the static section process; each is "sandbox" or a decimal id.
type Process struct {
	RunAsUser  string
	RunAsGroup string
}

// Values of Landlock.Compatibility.
const (
	BestEffort      = "best_effort"
	HardRequirement = "hard_requirement"
)

// Block is one entry of network_policies: these binaries may use these endpoints.
type Block struct {
	Key       string // the map key; the name of a verdict
	Name      string
	Endpoints []Endpoint
	Binaries  []Binary
	Pos       Position
}

// Endpoint is one destination and what may be asked of it.
type Endpoint struct {
	Host              string // canonical: lower case, no trailing dot
	Ports             []int  // sorted, never empty
	Path              string // selector glob; "" means every path
	Protocol          string // "" is uninspected (L4)
	TLS               string // "" (auto) or "skip"
	Enforcement       string // Enforce or Audit, never empty
	Access            string // "", ReadOnly, ReadWrite or Full
	Rules             []Match
	DenyRules         []Match
	AllowedIPs        []string // CIDR prefixes
	AllowEncodedSlash bool
	// Options holds the fields of GraphQL, MCP, JSON-RPC and credential
	// rewriting by dotted name: "mcp.versions". Lists have several values,
	// everything else has one.
	Options map[string][]string
	Pos     Position
}

// Match is one allow or deny rule. Empty fields match everything.
type Match struct {
	Method string              // upper case or "*"; as written for MCP and JSON-RPC
	Path   string              // glob
	Query  map[string][]string // key to value globs
	Git    *GitRule            // extension, see GitRule
	// Options holds the rule fields of GraphQL and MCP (operation_type, fields,
	// tool, params.name, ...) by dotted name.
	Options map[string][]string
	Pos     Position
}

// GitRule is the extension rules[].allow.git: pushes by repository and ref.
type GitRule struct {
	Repo   string
	Push   []string
	Delete bool
	Create bool
}

// Binary names programs by a glob over their executable path.
type Binary struct {
	Path        string
	Descendants bool // default true: a process below it is granted too
	Untainted   bool // extension: a caller in which code of the agent's own runs is not granted
	Pos         Position
}

// Values of Endpoint.Protocol, Endpoint.Enforcement and Endpoint.Access.
const (
	REST      = "rest"
	WebSocket = "websocket"
	GraphQL   = "graphql"
	MCP       = "mcp"
	JSONRPC   = "json-rpc"
	TCP       = "tcp"

	Enforce = "enforce"
	Audit   = "audit"

	ReadOnly  = "read-only"
	ReadWrite = "read-write"
	Full      = "full"
)

// Position is where something stands in its file; lines and columns count from 1.
type Position struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}
