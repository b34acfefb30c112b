// Package inside is the read-only MCP endpoint an agent reaches from within its own sandbox.
//
// It says why something was denied, which policy is in force, and when that
// changes. It holds nothing to write with, takes no sandbox argument (whoever
// reaches the listener is in this sandbox), and never shows what belongs to the
// host: addresses, allowed_ips, providers, approvers, comments of a reviewer.
package inside
