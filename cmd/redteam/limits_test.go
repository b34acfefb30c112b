package redteam_test

import "time"

var limitAttacks = []attack{
	{
		id: "PR16", name: "fork until nothing is left", play: func(s *scene) string {
			args := append(s.arguments(), "--max-processes", "100", "--", "sh", "-c", `$T/attack bomb 5000`)
			out := s.exeat(args...)
			began := time.Now()
			out += s.exec(`echo alive`)
			if took := time.Since(began); took > 10*time.Second {
				s.t.Errorf("the machine answered after %s", took)
			}
			return out
		},
		want: []string{`fork: EAGAIN after [0-9]{1,2} children`, `^alive$`},
	},
	{
		id: "FS43", name: "fill /tmp, /dev/shm and the table of files", play: func(s *scene) string {
			args := append(s.arguments(), "--max-tmp", "16m", "--max-memory", "256m", "--max-files", "200", "--", "sh", "-c",
				`dd if=/dev/zero of=/tmp/fill bs=1M count=100; rm /tmp/fill; dd if=/dev/zero of=/dev/shm/fill bs=1M count=1000; rm /dev/shm/fill; sh -c 'ulimit -n 100000'; echo done`)
			return s.exeat(args...)
		},
		want: []string{`No space left on device`, `(?i)ulimit.*(limit|permitted)`},
	},
	{
		id: "FS44", name: "take the disk without writing", script: `$T/attack reserve /sandbox/big; $T/attack reserve $W/big`,
		want: []string{`fallocate: ENOTSUP`, `RESVSP: ENOTSUP`, `RESVSP64: ENOTSUP`, `ZERO_RANGE: ENOTSUP`},
	},
	{
		id: "PR45", name: "keep the supervisor busy for ever", play: func(s *scene) string {
			return s.create(`$T/attack knot /tmp`) + s.exeat("sandbox", "stop", s.name)
		},
		want: []string{`tied: <nil>`, `stopped `},
	},
}
