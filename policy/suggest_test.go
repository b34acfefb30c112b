package policy_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exeat/policy"
)

// summary is an option in one line.
func summary(o policy.Option) string {
	var ops []string
	for _, op := range o.Operations {
		text, _ := json.Marshal(op)
		ops = append(ops, string(text))
	}
	return o.Risk + " " + strings.Join(ops, " ")
}

func TestSuggest(t *testing.T) {
	push := policy.Wanted{
		Host: "github.com", Port: 443, Protocol: "rest", Method: "POST", Path: "/acme/widgets.git/git-receive-pack",
		Binary: "/usr/lib/git-core/git-remote-http", Ancestors: []string{"/usr/lib/git-core/git", "/usr/bin/git", "/bin/bash"},
		Missing: `{ host: github.com, port: 443, protocol: rest, rules: [{ allow: { git: { repo: "acme/widgets", push: ["refs/heads/agent"], create: true } } }] }`,
	}
	put := policy.Wanted{
		Host: "api.github.com", Port: 443, Protocol: "rest", Method: "PUT", Path: "/repos/acme/widgets/contents/hello_world.py",
		Binary: "/usr/bin/curl", Ancestors: []string{"/bin/bash"},
	}
	addPush := `{"op":"add_rule","block":"github_ssh_over_https","host":"github.com","port":443,"rule":{"git":{"repo":"acme/widgets","push":["refs/heads/agent"],"create":true}}}`
	addPut := `{"op":"add_rule","block":"github_rest_api","host":"api.github.com","port":443,"rule":{"method":"PUT","path":"/repos/acme/widgets/contents/hello_world.py"}}`
	many := func(method string, paths ...string) []policy.Wanted {
		var out []policy.Wanted
		for _, path := range paths {
			w := put
			w.Method, w.Path = method, path
			out = append(out, w)
		}
		return out
	}
	with := func(w policy.Wanted, change func(*policy.Wanted)) []policy.Wanted {
		change(&w)
		return []policy.Wanted{w}
	}
	for _, row := range []struct {
		name   string
		wanted []policy.Wanted
		want   []string
	}{
		{"a push by git's helper", []policy.Wanted{push}, []string{
			"narrow " + addPush,
			`narrow {"op":"add_block","block":"git_remote_http_github_com","endpoints":[{"host":"github.com","port":443,"protocol":"rest","enforcement":"enforce","rules":[{"git":{"repo":"acme/widgets","push":["refs/heads/agent"],"create":true}}]}],"binaries":[{"path":"/usr/lib/git-core/git-remote-http","descendants":false}]}`,
		}},
		{"a tainted curl", with(put, func(w *policy.Wanted) { w.Tainted = "/sandbox/mine.so" }), []string{
			`wide {"op":"add_block","block":"curl_api_github_com","endpoints":[{"host":"api.github.com","port":443,"protocol":"rest","enforcement":"enforce","rules":[{"method":"PUT","path":"/repos/acme/widgets/contents/hello_world.py"}]}],"binaries":[{"path":"/usr/bin/curl","descendants":false}]}`,
		}},
		{"a file by curl", []policy.Wanted{put}, []string{
			"narrow " + addPut,
			`narrow {"op":"add_block","block":"curl_api_github_com","endpoints":[{"host":"api.github.com","port":443,"protocol":"rest","enforcement":"enforce","rules":[{"method":"PUT","path":"/repos/acme/widgets/contents/hello_world.py"}]}],"binaries":[{"path":"/usr/bin/curl","descendants":false}]}`,
		}},
		{"both", []policy.Wanted{push, put, push}, []string{
			"narrow " + addPush + " " + addPut,
			`narrow {"op":"add_block","block":"git_remote_http_github_com","endpoints":[{"host":"github.com","port":443,"protocol":"rest","enforcement":"enforce","rules":[{"git":{"repo":"acme/widgets","push":["refs/heads/agent"],"create":true}}]}],"binaries":[{"path":"/usr/lib/git-core/git-remote-http","descendants":false}]}` +
				` {"op":"add_block","block":"curl_api_github_com","endpoints":[{"host":"api.github.com","port":443,"protocol":"rest","enforcement":"enforce","rules":[{"method":"PUT","path":"/repos/acme/widgets/contents/hello_world.py"}]}],"binaries":[{"path":"/usr/bin/curl","descendants":false}]}`,
		}},
		{"an unknown host", with(put, func(w *policy.Wanted) { w.Host, w.Method, w.Path = "pypi.org", "GET", "/simple/requests/" }), []string{
			`narrow {"op":"add_block","block":"curl_pypi_org","endpoints":[{"host":"pypi.org","port":443,"protocol":"rest","enforcement":"enforce","rules":[{"method":"GET","path":"/simple/requests/"}]}],"binaries":[{"path":"/usr/bin/curl","descendants":false}]}`,
			`wide {"op":"add_endpoint","block":"github_rest_api","endpoint":{"host":"pypi.org","port":443,"protocol":"rest","enforcement":"enforce","rules":[{"method":"GET","path":"/simple/requests/"}]}}`,
			`wide {"op":"add_endpoint","block":"github_ssh_over_https","endpoint":{"host":"pypi.org","port":443,"protocol":"rest","enforcement":"enforce","rules":[{"method":"GET","path":"/simple/requests/"}]}}`,
		}},
		{"a connection nobody looked into", with(put, func(w *policy.Wanted) { w.Host, w.Method, w.Path = "pypi.org", "", "" })[:1], []string{
			`narrow {"op":"add_block","block":"curl_pypi_org","endpoints":[{"host":"pypi.org","port":443,"protocol":"rest","enforcement":"enforce","access":"read-only"}],"binaries":[{"path":"/usr/bin/curl","descendants":false}]}`,
			`wide {"op":"add_endpoint","block":"github_rest_api","endpoint":{"host":"pypi.org","port":443,"protocol":"rest","enforcement":"enforce","access":"read-only"}}`,
			`wide {"op":"add_endpoint","block":"github_ssh_over_https","endpoint":{"host":"pypi.org","port":443,"protocol":"rest","enforcement":"enforce","access":"read-only"}}`,
		}},
		{"a port that is not HTTP's", []policy.Wanted{{Host: "db.example.com", Port: 5432, Protocol: "l4", Binary: "/usr/bin/psql"}}, []string{
			`wide {"op":"add_block","block":"psql_db_example_com","endpoints":[{"host":"db.example.com","port":5432}],"binaries":[{"path":"/usr/bin/psql","descendants":false}]}`,
		}},
		{"another program", []policy.Wanted{{Host: "api.github.com", Port: 443, Protocol: "rest", Method: "GET", Path: "/user", Binary: "/usr/bin/wget"}}, []string{
			`narrow {"op":"add_block","block":"wget_api_github_com","endpoints":[{"host":"api.github.com","port":443,"protocol":"rest","enforcement":"enforce","rules":[{"method":"GET","path":"/user"}]}],"binaries":[{"path":"/usr/bin/wget","descendants":false}]}`,
			`wide {"op":"add_binary","block":"github_rest_api","binary":{"path":"/usr/bin/wget","descendants":false}}`,
		}},
		{"a program the agent can write", []policy.Wanted{{Host: "pypi.org", Port: 443, Protocol: "rest", Method: "GET", Path: "/x", Binary: "/sandbox/.venv/bin/pip"}}, []string{
			`wide {"op":"add_block","block":"pip_pypi_org","endpoints":[{"host":"pypi.org","port":443,"protocol":"rest","enforcement":"enforce","rules":[{"method":"GET","path":"/x"}]}],"binaries":[{"path":"/sandbox/.venv/bin/pip","descendants":false}]}`,
		}},
		{"two paths stay two rules", many("PUT", "/repos/a/b/contents/1", "/repos/a/b/contents/2")[:2], []string{
			`narrow {"op":"add_rule","block":"github_rest_api","host":"api.github.com","port":443,"rule":{"method":"PUT","path":"/repos/a/b/contents/1"}} {"op":"add_rule","block":"github_rest_api","host":"api.github.com","port":443,"rule":{"method":"PUT","path":"/repos/a/b/contents/2"}}`,
			`narrow {"op":"add_block","block":"curl_api_github_com","endpoints":[{"host":"api.github.com","port":443,"protocol":"rest","enforcement":"enforce","rules":[{"method":"PUT","path":"/repos/a/b/contents/1"},{"method":"PUT","path":"/repos/a/b/contents/2"}]}],"binaries":[{"path":"/usr/bin/curl","descendants":false}]}`,
		}},
		{"three become one", many("PUT", "/c/1", "/c/2", "/c/3", "/d"), []string{
			`narrow {"op":"add_rule","block":"github_rest_api","host":"api.github.com","port":443,"rule":{"method":"PUT","path":"/c/*"}} {"op":"add_rule","block":"github_rest_api","host":"api.github.com","port":443,"rule":{"method":"PUT","path":"/d"}}`,
			`narrow {"op":"add_block","block":"curl_api_github_com","endpoints":[{"host":"api.github.com","port":443,"protocol":"rest","enforcement":"enforce","rules":[{"method":"PUT","path":"/c/*"},{"method":"PUT","path":"/d"}]}],"binaries":[{"path":"/usr/bin/curl","descendants":false}]}`,
		}},
		{"a star in the path is a star", many("PUT", "/a*b"), []string{
			`narrow {"op":"add_rule","block":"github_rest_api","host":"api.github.com","port":443,"rule":{"method":"PUT","path":"/a[*]b"}}`,
			`narrow {"op":"add_block","block":"curl_api_github_com","endpoints":[{"host":"api.github.com","port":443,"protocol":"rest","enforcement":"enforce","rules":[{"method":"PUT","path":"/a[*]b"}]}],"binaries":[{"path":"/usr/bin/curl","descendants":false}]}`,
		}},
		{"allowed already", many("GET", "/user"), nil},
		{"nobody knows who", []policy.Wanted{{Host: "pypi.org", Port: 443, Method: "GET", Path: "/"}}, nil},
		{"no host at all", []policy.Wanted{{Host: "not a host", Port: 443, Method: "GET", Path: "/", Binary: "/usr/bin/curl"}}, nil},
		{"loopback", []policy.Wanted{{Host: "127.0.0.1", Port: 443, Method: "GET", Path: "/", Binary: "/usr/bin/curl"}}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := mustParse(t, string(policy.Default()))
			var got []string
			for _, option := range policy.Suggest(p, row.wanted) {
				got = append(got, summary(option))
				if len(option.Permits) == 0 {
					t.Errorf("%s permits nothing", got[len(got)-1])
				}
			}
			if diff := cmp.Diff(got, row.want); diff != "" {
				t.Errorf("-got +want:\n%s", diff)
			}
		})
	}
}

// TestSuggestNothing ensures that nothing is suggested for what a deny rule
// forbids, or for what nobody wrote down: no addition can allow it.
func TestSuggestNothing(t *testing.T) {
	p := mustParse(t, `version: 1
network_policies:
  api:
    endpoints:
      - host: api.example.com
        port: 443
        protocol: rest
        enforcement: enforce
        access: full
        deny_rules: [{ method: DELETE, path: /** }]
      - { host: api.example.com, port: 443, path: /graphql, protocol: graphql, enforcement: enforce, access: full }
    binaries: [{ path: /usr/bin/curl }]
`)
	for _, w := range []policy.Wanted{
		{Host: "api.example.com", Port: 443, Method: "DELETE", Path: "/x", Binary: "/usr/bin/curl"},
		{Host: "api.example.com", Port: 443, Method: "POST", Path: "/graphql", Binary: "/usr/bin/curl"},
	} {
		if got := policy.Suggest(p, []policy.Wanted{w}); len(got) != 0 {
			t.Errorf("%s %s: got %v, want nothing", w.Method, w.Path, got)
		}
	}
}

func ExampleSuggest() {
	p, _ := policy.Parse("default.yaml", policy.Default())
	for _, option := range policy.Suggest(p, []policy.Wanted{{
		Host: "pypi.org", Port: 443, Method: "GET", Path: "/simple/requests/", Binary: "/usr/bin/pip",
	}}) {
		fmt.Println(option.Risk, option.Permits[0])
	}
	// Output:
	// narrow /usr/bin/pip, and not what it starts, may GET /simple/requests/ at pypi.org:443
}
