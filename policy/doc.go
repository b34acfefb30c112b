// Package policy reads a sandbox's policy, finds its mistakes, and decides requests by it.
//
// It refuses to guess: an unknown field, a rule that nothing can match, a value
// that would be ignored are errors, each with file, line and column. It does no
// I/O; bytes go in and decisions come out.
//
// # The file
//
// A policy is one YAML document of at most 1 MiB, without anchors, aliases, merge
// keys, tags or duplicate keys. The language is OpenShell's version 1.
//
//	version: 1
//
//	filesystem_policy:               # static: fixed when the sandbox is created
//	  include_workdir: true
//	  read_only: [/usr, /lib, /etc]
//	  read_write: [/sandbox, /tmp]
//	landlock: { compatibility: best_effort }   # or hard_requirement
//	process: { run_as_user: sandbox, run_as_group: sandbox }
//
//	network_policies:                # dynamic: can change while it runs
//	  github_api:                    # the name of a verdict
//	    endpoints:
//	      - host: api.github.com     # or *.example.com, **.example.com, an address
//	        port: 443                # or ports: [80, 443]
//	        path: /repos/**          # speaks only for these requests; absent: for all
//	        protocol: rest           # absent: not inspected
//	        enforcement: enforce     # or audit: let through and record
//	        rules:                   # or access: read-only, read-write, full
//	          - allow: { method: GET, path: "/repos/**" }
//	          - allow: { method: POST, path: /repos/acme/widgets/issues, query: { draft: "*" } }
//	        deny_rules:              # deny wins, also over other blocks
//	          - { method: "*", path: "/repos/*/*/rulesets/**" }
//	        allowed_ips: [10.1.0.0/16]   # private addresses the host may have
//	    binaries:
//	      - path: /usr/bin/gh            # or what it starts
//	      - { path: /usr/bin/curl, descendants: false }
//
// A block lets its binaries use its endpoints, and nothing else: rights of two
// blocks never mix. Without a block that admits a connection it is denied.
//
// # Patterns
//
// In paths "*" stays within one segment and "**" as a whole segment is any number
// of them; "?" is one character and "[a-z]" a class. In hosts only the first
// label has wildcards. Requests are compared in canonical form, see CanonicalPath.
//
// # Protocols inside HTTP
//
// An endpoint of protocol graphql, mcp or json-rpc judges what a request's body
// asks for, one of protocol websocket the upgrade and then the client's messages,
// and a git rule the refs that a push changes. The proxy reads what [Admission.Reads]
// names and hands it over as the [Action]s of a [Request]; a body that cannot be read
// is a denial. Every action must be allowed, and none forbidden. A WebSocket at an
// endpoint of protocol rest needs GET and POST: what is sent there is not read.
// OpenShell's middlewares, request signing and SQL are errors.
package policy
