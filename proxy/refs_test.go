package proxy_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// agentPolicy lets branches below agent/ be pushed, made and nothing else.
const agentPolicy = `version: 1
network_policies:
  git:
    endpoints:
      - host: git.example
        port: 443
        protocol: rest
        enforcement: enforce
        rules:
          - allow: { git: { repo: allowed, push: ["refs/heads/agent/**"], create: true } }
          - allow: { git: { repo: refused } }
    binaries:
      - { path: /usr/lib/git-core/git-remote-http }
`

// Real git, real refs: what a push may change is read from the push, and git prints why it was refused.
func TestPushByRef(t *testing.T) {
	for _, door := range doors {
		t.Run(door, func(t *testing.T) {
			w := newGitWorld(t, door)
			w.git(t, filepath.Join(w.root, "allowed.git"), "fetch", "-q", w.clone, "main:main", "main:agent/old")
			w.git(t, filepath.Join(w.root, "allowed.git"), "config", "receive.advertisePushOptions", "true")
			w.load(agentPolicy)
			for _, row := range []struct {
				name    string
				size    int
				args    []string
				refused string // what git must print; "" where the push goes through
			}{
				{"a new branch of the agent's", 10, []string{"allowed.git", "HEAD:agent/new"}, ""},
				{"large", 3 << 20, []string{"allowed.git", "HEAD:agent/new"}, ""},
				{"an old one, by force", 10, []string{"-f", "allowed.git", "HEAD~1:agent/old"}, ""},
				{"main", 10, []string{"allowed.git", "HEAD:main"}, "update refs/heads/main (POST /allowed.git/git-receive-pack) not permitted"},
				{"one of two", 10, []string{"allowed.git", "HEAD:agent/more", "HEAD:main"}, "exeat: update refs/heads/main (POST "},
				{"an option, which a server may take for a merge", 10, []string{"-o", "merge_request.create", "allowed.git", "HEAD:agent/new"}, "push options"},
				{"deletion", 10, []string{"allowed.git", ":agent/old"}, "delete refs/heads/agent/old"},
				{"a tag", 10, []string{"allowed.git", "HEAD:refs/tags/v1"}, "create refs/tags/v1"},
				{"another repository", 10, []string{"refused.git", "HEAD:agent/new"}, "403"},
			} {
				w.commit(t, strings.ReplaceAll(row.name, " ", "-"), row.size)
				args := []string{"push"}
				for _, a := range row.args {
					if strings.HasSuffix(a, ".git") {
						a = "https://git.example/" + a
					}
					args = append(args, a)
				}
				out, err := w.run(t, w.clone, args...)
				steps := row.refused == "" || strings.Contains(out, "remote: explain_denial with denial_id ")
				if (err == nil) != (row.refused == "") || !strings.Contains(out, row.refused) || !steps {
					t.Errorf("%s: %v\n%s", row.name, err, out)
				}
			}
			if main := w.git(t, filepath.Join(w.root, "allowed.git"), "log", "--format=%s", "main"); main != "hello_world.py\n" {
				t.Errorf("main is at\n%s", main)
			}
			w.git(t, w.clone, "fetch", "https://git.example/allowed.git", "main")
			args := []string{"push", "https://git.example/allowed.git"}
			for i := range 700 {
				args = append(args, fmt.Sprintf("HEAD:agent/%04d", i))
			}
			if out, err := w.run(t, w.clone, args...); err == nil || !strings.Contains(out, "within 65536 bytes: push fewer refs at once") {
				t.Errorf("700 refs: %v\n%.400s", err, out)
			}
		})
	}
}
