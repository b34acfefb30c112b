package inside

import "exeat/mcp/tool"

// endpoint answers the tools.
type endpoint struct{ view View }

func tools(view View) []tool.Tool {
	t := &endpoint{view}
	return []tool.Tool{
		{
			Name: "list_denials", Title: "List denied requests", Handle: t.list,
			Description: "What this sandbox was denied, newest first. Use it after a 403 forbidden from the proxy, a connection refused or reset, a rejected git push or a permission denied on the network.",
			Schema:      `{"type":"object","properties":{"cursor":{"type":"integer","minimum":1,"description":"next_cursor of the page before"},"limit":{"type":"integer","minimum":1,"maximum":100}},"additionalProperties":false}`,
		},
		{
			Name: "explain_denial", Title: "Explain a denial", Handle: t.explain,
			Description: "Why a request was denied (403, forbidden, rejected), which part of the policy decided, and what addition would allow it, to tell the user when you ask for access.",
			Schema:      `{"type":"object","properties":{"denial_id":{"type":"integer","minimum":1}},"required":["denial_id"],"additionalProperties":false}`,
		},
		{
			Name: "get_policy", Title: "Read the policy", Handle: t.policy,
			Description: "The policy in force: which program may send which request where. Read-only; it can only be changed from outside the sandbox.",
			Schema:      `{"type":"object","properties":{"offset":{"type":"integer","minimum":0,"description":"next_offset of the page before"}},"additionalProperties":false}`,
		},
		{
			Name: "await_change", Title: "Wait until a denial is allowed", Handle: t.await,
			Description: "Waits until the policy allows what a denial asked for, at most wait_seconds. Call it again while allowed is false; do not retry the request meanwhile.",
			Schema:      `{"type":"object","properties":{"denial_id":{"type":"integer","minimum":1},"wait_seconds":{"type":"integer","minimum":0,"maximum":50,"default":25}},"required":["denial_id"],"additionalProperties":false}`,
		},
	}
}
