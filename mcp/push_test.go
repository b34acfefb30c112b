package mcp_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exeat/policy"
	"exeat/store"
)

// TestPush ensures that a refused push leads to a proposal for the ref it was about,
// that another refused ref stays refused, and that what the record cannot tell is
// neither offered nor said to be allowed.
func TestPush(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.box("demo", strings.ReplaceAll(basePolicy, "curl", "git"))
	push := func(rule string) store.Decision {
		return denied(func(d *store.Decision) {
			d.Exe, d.Method, d.Target, d.RuleMissing = "/usr/bin/git", "POST", "/acme/widgets.git/git-receive-pack", rule
			if rule != "" {
				d.RuleMissing = "{ host: api.github.com, port: 443, protocol: rest, rules: [{ allow: { git: " + rule + " } }] }"
			}
		})
	}
	ids := o.deny("demo",
		push(`{ repo: "acme/widgets", push: ["refs/heads/agent"], create: true }`),
		push(`{ repo: "acme/widgets", push: ["refs/heads/main"] }`), push(""))
	var why explanation
	o.ok("explain_denial", args{"sandbox": "demo", "denial_id": ids[2]}, &why)
	if len(why.Options) != 0 {
		t.Errorf("offered for an unread push: %+v", why.Options)
	}
	o.ok("explain_denial", args{"sandbox": "demo", "denial_id": ids[0]}, &why)
	if len(why.Options) == 0 {
		t.Fatalf("got %+v", why)
	}
	want := []policy.Operation{{Op: "add_rule", Block: "github", Host: "api.github.com", Port: 443, Rule: &policy.RuleSpec{
		Git: &policy.GitSpec{Repo: "acme/widgets", Push: []string{"refs/heads/agent"}, Create: true},
	}}}
	if diff := cmp.Diff(why.Options[0].Operations, want); diff != "" {
		t.Errorf("-got +want:\n%s", diff)
	}
	var p filed
	o.ok("propose_policy_change", args{"sandbox": "demo", "base_revision": 1, "operations": why.Options[0].Operations, "reason": "push the branch"}, &p)
	if !cmp.Equal(p.Allows, ids[:1]) {
		t.Errorf("would allow %v, want %v", p.Allows, ids[:1])
	}
}

// TestOperationSchema ensures that the schema names every field of a rule and of an endpoint.
func TestOperationSchema(t *testing.T) {
	t.Parallel()
	var operation struct {
		InputSchema struct {
			Properties struct {
				Operations struct {
					Items struct {
						Properties struct {
							Rule, Endpoint struct {
								Properties map[string]struct{ Properties map[string]any }
							}
						}
					}
				}
			}
		}
	}
	for _, raw := range newOffice(t).listed().tools {
		if strings.Contains(string(raw), `"propose_policy_change"`) {
			if err := json.Unmarshal(raw, &operation); err != nil {
				t.Fatal(err)
			}
		}
	}
	items := operation.InputSchema.Properties.Operations.Items.Properties
	for _, row := range []struct {
		got  []string
		want any
	}{
		{slices.Sorted(maps.Keys(items.Rule.Properties)), policy.RuleSpec{}},
		{slices.Sorted(maps.Keys(items.Rule.Properties["git"].Properties)), policy.GitSpec{}},
		{slices.Sorted(maps.Keys(items.Endpoint.Properties)), policy.EndpointSpec{}},
	} {
		var want []string
		for i := range reflect.TypeOf(row.want).NumField() {
			name, _, _ := strings.Cut(reflect.TypeOf(row.want).Field(i).Tag.Get("json"), ",")
			want = append(want, name)
		}
		slices.Sort(want)
		if diff := cmp.Diff(row.got, want); diff != "" {
			t.Errorf("%T: -got +want:\n%s", row.want, diff)
		}
	}
}
