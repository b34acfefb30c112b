package redteam_test

import (
	"net"
	"path/filepath"
)

var furtherAttacks = []attack{
	{
		id: "MX01", name: "the terminal of the user", play: func(s *scene) string {
			return s.terminal("sh", "-c", `ls /dev/pts | tr '\n' ' '; tty; for f in /dev/tty0 /dev/tty1 /dev/console /dev/pts/1 /dev/pts/2 /dev/ttyS0 /dev/vcs; do echo typed >$f && echo $f SUCCEEDED; done; ls -l /proc/*/fd | grep -c pts/[1-9]; echo seen`)
		},
		want: []string{`seen`, `/dev/pts/0`, `/dev/pts/1: (Directory nonexistent|No such file|Permission denied)`},
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
	{
		id: "MX08", name: "a socket of the host in the workdir", before: func(s *scene) {
			l, err := net.Listen("unix", filepath.Join(s.work, "service"))
			must(s.t, err)
			s.t.Cleanup(func() { l.Close() })
			s.town.greet("unix workdir", l)
		},
		script: `$T/attack unix $W/service`, want: []string{`refusing to mount .*service`}, after: nothingCame("unix workdir"),
	},
}
