package policy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exeat/policy"
)

const slashPolicy = `version: 1
network_policies:
  npm:
    endpoints: [{ host: registry.example, port: 443, protocol: rest, enforcement: enforce, access: read-only }]
    binaries: [{ path: /usr/bin/node }]
  gitlab:
    endpoints: [{ host: gitlab.example, port: 443, protocol: rest, enforcement: enforce, rules: [{ allow: { method: GET, path: "/api/v4/version" } }] }]
    binaries: [{ path: /usr/bin/node }]
  full:
    endpoints: [{ host: full.example, port: 443, protocol: rest, enforcement: enforce, access: full }]
    binaries: [{ path: /usr/bin/node }]
`

// TestEncodedSlash ensures that a denial for an escaped slash says so, and that there is a way out of it which works.
func TestEncodedSlash(t *testing.T) {
	const set = `{"op":"set_encoded_slash","block":"BLOCK","host":"HOST","port":443,"allow_encoded_slash":true}`
	for _, row := range []struct{ host, method, path, block, reason, want string }{
		{"registry.example", "GET", "/@types%2Fnode", "npm", "allow_encoded_slash: true", "narrow " + set},
		{"full.example", "PUT", "/a%2Fb", "full", "allow_encoded_slash: true", "narrow " + set},
		{
			"gitlab.example", "GET", "/api/v4/projects/group%2Fproject", "gitlab", "not permitted by policy",
			"wide " + set + ` {"op":"add_rule","block":"gitlab","host":"gitlab.example","port":443,"rule":{"method":"GET","path":"/api/v4/projects/group%2Fproject"}}`,
		},
		{
			"new.example", "GET", "/a%2Fb", "", "",
			`narrow {"op":"add_block","block":"node_new_example","endpoints":[{"host":"new.example","port":443,"protocol":"rest","enforcement":"enforce","rules":[{"method":"GET","path":"/a%2Fb"}],"allow_encoded_slash":true}],"binaries":[{"path":"/usr/bin/node","descendants":false}]}`,
		},
	} {
		p := mustParse(t, slashPolicy)
		w := policy.Wanted{Host: row.host, Port: 443, Protocol: "rest", Method: row.method, Path: row.path, Binary: "/usr/bin/node"}
		d := mustCompile(t, "before", p.Text()).Judge(w)
		if d.Verdict != policy.Denied || !strings.Contains(d.Reason, row.reason) {
			t.Errorf("%s: %s: %s", row.host, d.Verdict, d.Reason)
		}
		options := policy.Suggest(p, []policy.Wanted{w})
		if len(options) == 0 {
			t.Errorf("%s: no way out", row.host)
			continue
		}
		want := strings.NewReplacer("BLOCK", row.block, "HOST", row.host).Replace(row.want)
		if diff := cmp.Diff(summary(options[0]), want); diff != "" {
			t.Errorf("-got +want:\n%s", diff)
		}
		changed, err := policy.Apply(p, options[0].Operations)
		if err != nil {
			t.Fatal(err)
		}
		if got := mustCompile(t, "after", changed.Text()).Judge(w); got.Verdict != policy.Allowed {
			t.Errorf("%s: still %s: %s", row.host, got.Verdict, got.Reason)
		}
	}
}
