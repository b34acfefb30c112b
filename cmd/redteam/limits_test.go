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
}
