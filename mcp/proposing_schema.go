package mcp

// proposeSchema describes the arguments of propose_policy_change. It repeats itself
// in place of $ref, which some clients do not follow.
const proposeSchema = `{"type":"object","properties":{` +
	`"sandbox":{"type":"string"},` +
	`"base_revision":{"type":"integer","minimum":1,"description":"the revision get_policy or explain_denial named"},` +
	`"operations":{"type":"array","minItems":1,"maxItems":20,"items":{"type":"object","properties":{` +
	`"op":{"type":"string","enum":["add_rule","remove_rule","add_deny_rule","remove_deny_rule","set_access","set_encoded_slash","add_endpoint","remove_endpoint","add_binary","remove_binary","add_block","remove_block","add_path","remove_path"]},` +
	`"block":{"type":"string"},"mode":{"type":"string","enum":["read_only","read_write"],"description":"with add_path: how path, a file or directory of the host, is shown; in force after exeat sandbox restart"},"host":{"type":"string"},"port":{"type":"integer","minimum":1,"maximum":65535},"path":{"type":"string"},"access":{"type":"string"},"allow_encoded_slash":{"type":"boolean"},` +
	`"rule":` + ruleSchema + `,"endpoint":` + endpointSchema + `,"binary":{"type":"object"},"endpoints":{"type":"array","items":{"type":"object","description":"each as endpoint"}},"binaries":{"type":"array","items":{"type":"object"}}},` +
	`"required":["op"]}},` +
	`"policy_yaml":{"type":"string","description":"a whole policy, in place of operations"},` +
	`"reason":{"type":"string","maxLength":500,"description":"for the human: what it is for"},` +
	`"denial_ids":{"type":"array","maxItems":20,"items":{"type":"integer","minimum":1}},` +
	`"dry_run":{"type":"boolean","description":"show what would be filed and file nothing"}},` +
	`"required":["sandbox","base_revision","reason"],"additionalProperties":false}`

// ruleSchema has the fields of policy.RuleSpec.
const ruleSchema = `{"type":"object","description":"rest and websocket: method and path (and query), or, in rest, git alone; graphql and messages of websocket: operation_type and more; mcp: method and tool; json-rpc: method","properties":{` +
	`"method":{"type":"string"},"path":{"type":"string"},"query":{"type":"object"},` +
	`"git":{"type":"object","description":"fetching from repo is included","properties":{` +
	`"repo":{"type":"string","description":"owner/name, without .git"},` +
	`"push":` + globs + `"refs that may be changed: refs/heads/agent/**"},` +
	`"create":{"type":"boolean","description":"such refs may be made"},"delete":{"type":"boolean","description":"such refs may be removed"}}},` +
	`"operation_type":{"type":"string","enum":["query","mutation","subscription","*"]},"operation_name":{"type":"string"},` +
	`"fields":` + globs + `"root fields; to be allowed all that are asked for must match"},` +
	`"tool":` + globs + `"with method tools/call: one must match"}}}`

const globs = `{"type":"array","items":{"type":"string"},"description":`

// endpointSchema has the fields of policy.EndpointSpec.
const endpointSchema = `{"type":"object","properties":{` +
	`"host":{"type":"string"},"port":{"type":"integer","minimum":1,"maximum":65535},"ports":{"type":"array","items":{"type":"integer"}},` +
	`"path":{"type":"string","description":"where it speaks: for graphql, mcp, json-rpc and websocket name it"},` +
	`"protocol":{"type":"string","enum":["rest","graphql","mcp","json-rpc","websocket","tcp"]},"tls":{"type":"string"},"enforcement":{"type":"string"},` +
	`"access":{"type":"string","enum":["read-only","read-write","full"],"description":"in place of rules"},` +
	`"rules":{"type":"array","items":{"type":"object","description":"each as rule"}},"deny_rules":{"type":"array","items":{"type":"object","description":"each as rule"}},` +
	`"allowed_ips":{"type":"array","items":{"type":"string"}},"allow_encoded_slash":{"type":"boolean"}}}`
