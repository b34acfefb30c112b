package rpc

// The revisions of MCP.
const (
	revision2024 = "2024-11-05"
	revisionMar  = "2025-03-26"
	revisionJun  = "2025-06-18"
	revisionNov  = "2025-11-25"
	revision2026 = "2026-07-28"
)

// Known reports whether method is one that a client sends by the MCP specification, in any of its
// revisions from 2024-11-05 to 2026-07-28. Extensions are not part of it, nor what only servers send.
func Known(method string) bool {
	switch method {
	case "initialize", "ping", // until 2025-11-25
		"notifications/initialized", "notifications/cancelled", "notifications/progress", "notifications/roots/list_changed",
		"tools/list", "tools/call",
		"resources/list", "resources/read", "resources/templates/list", "resources/subscribe", "resources/unsubscribe",
		"prompts/list", "prompts/get", "completion/complete", "logging/setLevel",
		"tasks/get", "tasks/result", "tasks/list", "tasks/cancel", "notifications/tasks/status", // in 2025-11-25
		"server/discover", "subscriptions/listen": // since 2026-07-28
		return true
	}
	return false
}

// named is the path of what Mcp-Name repeats of a call; "" if it has no such thing. (2026-07-28, Standard
// Request Headers; for tasks their extension, SEP-2663.)
func named(method string) string {
	switch method {
	case "tools/call", "prompts/get":
		return "params.name"
	case "resources/read", "resources/subscribe", "resources/unsubscribe":
		return "params.uri"
	case "tasks/get", "tasks/result", "tasks/cancel", "tasks/update":
		return "params.taskId"
	}
	return ""
}
