package mcp_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"exeat/policy"
	"exeat/store"
)

// wide is a policy of n blocks for one host, as long as a policy may be worded.
func wide(n int) string {
	var b strings.Builder
	b.WriteString("version: 1\nnetwork_policies:\n")
	for i := range n {
		fmt.Fprintf(&b, "  b%d%s:\n    endpoints:\n", i, strings.Repeat("x", 100))
		fmt.Fprintf(&b, "      - { host: api.github.com, port: 443, path: %q, protocol: rest, rules: [{ allow: { method: GET, path: %q } }] }\n",
			"/p"+strings.Repeat("&", 150)+"/**", "/p"+strings.Repeat("&", 150)+"/q")
		fmt.Fprintf(&b, "    binaries: [{ path: %q }]\n", "/usr/bin/curl"+strings.Repeat("&", i))
	}
	return b.String()
}

// TestSizes ensures that no result outgrows what clients show, whatever there
// is to say; call checks each.
func TestSizes(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.box("demo", wide(60))
	var all []store.Decision
	for i := range 120 {
		long := fmt.Sprintf("/%d/%s", i, strings.Repeat(`"<\`, 330))
		all = append(all, denied(func(d *store.Decision) {
			d.Target, d.Exe, d.Ancestors, d.Reason = long, long, []string{long, long}, long
		}))
	}
	ids := o.deny("demo", all...)
	o.call("list_denials", args{"sandbox": "demo", "limit": 100})
	for _, id := range ids[:5] {
		o.call("explain_denial", args{"sandbox": "demo", "denial_id": id})
	}
	o.call("get_policy", args{"sandbox": "demo"})
	var p filed
	o.ok("propose_policy_change", args{"sandbox": "demo", "base_revision": 1, "reason": strings.Repeat("<", 500), "policy_yaml": wide(90)}, &p)
	o.call("await_approval", args{"proposal_id": p.ID, "wait_seconds": 0})
	for _, uri := range []string{"exeat://demo/policy", fmt.Sprintf("exeat://proposals/%d", p.ID)} {
		raw, failure := o.request("resources/read", args{"uri": uri})
		if failure != nil || len(raw) < 1000 || len(raw) > 2*maxResult {
			t.Errorf("%s: %d bytes, %s", uri, len(raw), failure)
		}
	}
}

// TestPages ensures that pages, one after the other, hold everything once.
func TestPages(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	names := map[string]bool{}
	for i := range 60 {
		name := fmt.Sprintf("box-%02d-%s", i, strings.Repeat("x", 50))
		names[name] = true
		o.box(name, basePolicy)
	}
	after := ""
	for range 60 {
		var page struct {
			Sandboxes []struct{ Name string }
			Next      string `json:"next_cursor"`
		}
		o.ok("list_sandboxes", args{"cursor": after, "limit": 100, "state": "stopped"}, &page)
		for _, box := range page.Sandboxes {
			if !names[box.Name] {
				t.Errorf("%s is shown twice or not there", box.Name)
			}
			delete(names, box.Name)
		}
		if after = page.Next; after == "" {
			break
		}
	}
	if len(names) > 0 {
		t.Errorf("never shown: %v", names)
	}
}

func TestDenialPages(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.box("demo", basePolicy)
	var all []store.Decision
	for i := range 50 {
		all = append(all, denied(func(d *store.Decision) {
			d.Target = fmt.Sprintf("/%d", i)
			if i%10 == 3 {
				d.Code = string(policy.CodeDenyRule)
			}
		}))
	}
	o.deny("demo", all...)
	for _, row := range []struct {
		arguments args
		want      int
	}{
		{args{"limit": 7}, 50},
		{args{"limit": 1, "kind": "deny_rule"}, 5},
		{args{"limit": 100, "kind": "address_denied"}, 0},
		{args{"limit": 100, "since": "10s"}, 9},
		{args{"limit": 100, "since": "2020-01-02T03:04:05Z"}, 50},
	} {
		row.arguments["sandbox"] = "demo"
		got, last := 0, int64(1<<62)
		for range 60 {
			var page denials
			o.ok("list_denials", row.arguments, &page)
			for _, d := range page.Denials {
				if d.ID >= last {
					t.Errorf("%v: %d after %d", row.arguments, d.ID, last)
				}
				got, last = got+1, d.ID
			}
			if row.arguments["cursor"] = page.Next; page.Next == 0 {
				break
			}
		}
		if row.arguments["since"] == "10s" && got > 0 && got <= row.want {
			continue // the machine may be slow
		}
		if got != row.want {
			t.Errorf("%v: got %d, want %d", row.arguments, got, row.want)
		}
	}
}

// TestPolicyPages ensures that the pages of a policy are its text, and its
// sections its halves.
func TestPolicyPages(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.box("demo", wide(60))
	rev, err := o.store.LatestRevision(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ section, want string }{
		{"all", string(rev.Text)},
		{"network", string(rev.Text[strings.Index(string(rev.Text), "network_policies:"):])},
	} {
		var got strings.Builder
		for range 100 {
			var page struct {
				Text string
				Next int `json:"next_offset"`
			}
			o.ok("get_policy", args{"sandbox": "demo", "section": row.section, "offset": got.Len()}, &page)
			got.WriteString(page.Text)
			if page.Next == 0 {
				break
			}
			if page.Next != got.Len() {
				t.Fatalf("next_offset %d after %d bytes", page.Next, got.Len())
			}
		}
		if got.String() != row.want {
			t.Errorf("%s: pages do not add up to the text", row.section)
		}
	}
}

// TestGuides covers what is neither a tool nor a proposal.
func TestGuides(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.box("demo", basePolicy)
	for _, name := range []string{"triage_denials", "tighten_policy"} {
		got, _ := o.request("prompts/get", args{"name": name, "arguments": args{"sandbox": "demo"}})
		if !strings.Contains(string(got), "sandbox demo") {
			t.Errorf("%s: got %s", name, got)
		}
		if _, failure := o.request("prompts/get", args{"name": name, "arguments": args{"sandbox": strings.Repeat("<b>", 20000)}}); failure == nil || len(failure) > maxResult {
			t.Errorf("%s: %d bytes of failure", name, len(failure))
		}
	}
	got, failure := o.request("completion/complete", args{"ref": args{"type": "ref/prompt", "name": "triage_denials"}, "argument": args{"name": "sandbox", "value": "de"}})
	var completed struct{ Completion struct{ Values []string } }
	if err := json.Unmarshal(got, &completed); err != nil || len(completed.Completion.Values) != 1 {
		t.Errorf("got %s, %s", got, failure)
	}
	for _, uri := range []string{"exeat://nope/policy", "exeat://proposals/x", "exeat://proposals/9", "exeat://../policy", "file:///etc/passwd"} {
		if got, failure := o.request("resources/read", args{"uri": uri}); failure == nil {
			t.Errorf("%s: got %s", uri, got)
		}
	}
}
