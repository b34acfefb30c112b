package redteam_test

import (
	"net"
	"path/filepath"
	"slices"
)

// listens is a service of the user's with a socket in the workdir.
func listens(s *scene) {
	s.t.Helper()
	l, err := net.Listen("unix", filepath.Join(s.work, "service"))
	must(s.t, err)
	s.t.Cleanup(func() { l.Close() })
	s.town.greet("unix workdir", l)
}

var socketAttacks = []attack{
	{
		id: "MX08", name: "a socket of the host in the workdir", before: listens, script: `$T/attack unix $W/service; ln -s service link; $T/attack unix link`,
		want: []string{`connect stream .*service: EACCES`, `datagram: ESOCKTNOSUPPORT`}, after: nothingCame("unix workdir"),
		record: denial{exe: "W/attack", target: "W/service", code: "file_denied"},
	},
	{
		id: "MX08-late", name: "a socket of the host that comes later", play: func(s *scene) string {
			s.idle()
			listens(s)
			return s.exec(`$T/attack unix $W/service`)
		},
		want: []string{`connect stream .*service: EACCES`}, after: nothingCame("unix workdir"), record: denial{exe: "W/attack", target: "W/service", code: "file_denied"},
	},
	{
		id: "FS01-observed", name: "read an SSH key, observed", play: observed("reads", `bash -c "cat $OUT/.ssh/id_ed25519; true"`),
		want: []string{`No such file`}, record: denial{exe: "/usr/bin/cat", ancestor: "/usr/bin/bash", target: "OUT/.ssh/id_ed25519", code: "file_denied"},
	},
	{
		id: "FS02-observed", name: "read a sibling project, observed", play: observed("reads", `cat ../other/secret`),
		want: []string{`No such file`}, record: denial{exe: "/usr/bin/cat", target: "OUT/w/other/secret", code: "file_denied"},
	},
	{
		id: "FS08-observed", name: "write through a symlink, observed", play: observed("files", `ln -s /etc/passwd l; bash -c "echo x >>l"`),
		want: []string{`Permission denied|Read-only`}, record: denial{exe: "/usr/bin/bash", target: "/etc/passwd", code: "file_denied"},
	},
}

// observed runs a script in a sandbox that records refused file accesses.
func observed(what, script string) func(*scene) string {
	return func(s *scene) string {
		args := slices.Insert(s.arguments("sh", "-c", script), 3, "--observe", what)
		return s.exeat(args...)
	}
}
