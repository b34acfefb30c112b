package redteam_test

import (
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// gitOnly lets git, and nobody that git starts, read from a host of its own.
const gitOnly = `  git:
    endpoints: [ { host: git.example.com, port: 443, protocol: rest, enforcement: enforce, access: read-only } ]
    binaries: [ { path: /usr/bin/git, descendants: false } ]
`

// bashOnly lets bash read a page without TLS.
const bashOnly = `  bash:
    endpoints: [ { host: a.example.com, port: 80, protocol: rest, enforcement: enforce, access: read-only } ]
    binaries: [ { path: /usr/bin/bash, descendants: false }, { path: /bin/bash, descendants: false } ]
`

var processAttacks = []attack{
	{
		id: "PR01", name: "call a program by an allowed name", script: `cp /usr/bin/curl ./curl; cp /usr/bin/curl ./git; ./curl -sS https://a.example.com/; ./git -sS https://a.example.com/`,
		want: []string{`policy_denied`}, never: `public page`, record: denial{exe: "W/git", host: "a.example.com", port: 443, code: "policy_denied"},
	},
	{
		id: "PR02", name: "lie in argv[0]", script: `bash -c 'exec -a /usr/bin/curl $T/attack get https://a.example.com/'`,
		want: []string{`status 403`}, record: denial{exe: "W/attack", host: "a.example.com", port: 443, code: "policy_denied"},
	},
	{
		id: "PR04", name: "run a program without a path (memfd)", script: `$T/attack memfd /usr/bin/curl -sS https://a.example.com/`,
		want: []string{`unknown_identity`}, never: `public page`, record: denial{exe: "/memfd:*", host: "a.example.com", port: 443, code: "unknown_identity"},
	},
	{
		id: "PR06", name: "bind another program over an allowed one", script: `unshare -Urm sh -c 'mount --bind $T/attack /usr/bin/curl; /usr/bin/curl get https://a.example.com/'; mount --bind $T/attack /usr/bin/curl; cp $T/attack /usr/bin/curl`,
		want: []string{`unshare.*not permitted`}, never: `status 200`,
	},
	{
		id: "PR08", name: "an allowed program as launcher", policy: gitOnly, script: `git -c alias.x='!curl -sS https://git.example.com/x' x; git -c protocol.ext.allow=always ls-remote "ext::$T/attack get https://git.example.com/y"`,
		want: []string{`policy_denied`}, never: `public page`, record: denial{exe: "/usr/bin/curl", ancestor: "/usr/bin/git", host: "git.example.com", port: 443, code: "policy_denied"},
	},
	{
		id: "PR10", name: "pass a connected socket on", policy: strings.ReplaceAll(bashOnly, "/bin/bash", "/bin/attacker"), script: `$T/attack pass a.example.com:80; $T/attack hand a.example.com:80 bash -c 'printf "GET /handed HTTP/1.1\r\nHost: a.example.com\r\nConnection: close\r\n\r\n" >&3; head -1 <&3'`,
		want: []string{`403`}, never: `200 OK`, record: denial{exe: "W/attack", host: "a.example.com", port: 80, code: "policy_denied"},
	},
	{
		id: "PR12", name: "inherit what an allowed program connected", limit: true, policy: bashOnly, script: `bash -c 'exec 3<>/dev/tcp/a.example.com/80; exec $T/attack fd'`,
		want: []string{`answered "HTTP/1.1 200 OK"`}, after: func(s *scene) { // judged and recorded as the program that called connect
			eventually(s.t, "the record", func() bool {
				for _, l := range s.log() {
					if l.Decision == "allow" && filepath.Base(l.Binary) == "bash" && l.Port == 80 {
						return true
					}
				}
				return false
			})
		},
	},
	{id: "PR13", name: "change an allowed program while it runs", script: `$T/attack invade /usr/bin/curl --version; $T/attack invade sleep 100`, want: []string{`PTRACE_ATTACH: EPERM`, `write /proc/PID/mem: EACCES`}},
	{
		id: "PR15", name: "outlive the sandbox", play: func(s *scene) string {
			out := s.create(`setsid nohup sleep 31415.9 >/dev/null 2>&1 & sh -c 'sleep 31415.9 & sleep 31415.9 &' ; echo left`)
			if len(processes("31415.9")) == 0 {
				s.t.Error("nothing was left to outlive it")
			}
			return out + s.exeat("sandbox", "delete", s.name)
		},
		want: []string{`left`}, after: func(s *scene) {
			eventually(s.t, "the processes to end", func() bool { return len(processes("31415.9")) == 0 })
		},
	},
	{
		id: "PR17", name: "become root", script: `timeout 0.5 su -c id </dev/null; sudo -n id; for p in $(find /usr/bin /usr/sbin -perm -4000); do timeout 1 $p </dev/null >/dev/null 2>&1; done; $T/attack setuid`,
		want: []string{`setuid 0: (EPERM|EINVAL)`, `NoNewPrivs:\s+1`, `CapEff:\s+0+$`, `CapBnd:\s+0+$`}, never: `uid=0`,
	},
	{
		id: "PR18", name: "type into the user's terminal", play: func(s *scene) string { return s.terminal("./attack", "type") },
	},
	{id: "PR20", name: "a namespace of its own", script: `unshare -U true; $T/attack namespaces; cat /proc/sys/user/max_user_namespaces`, want: []string{`unshare user: EPERM`, `clone user: EPERM`, `clone3: ENOSYS`, `(?m)^0$`}},
	{id: "PR22", name: "calls that reach past the process", script: `$T/attack calls`, want: []string{`io_uring_setup: ENOSYS`, `bpf: EPERM`, `keyctl: EPERM`, `pidfd_getfd: EPERM`}},
	{id: "PR23", name: "keys of the user", script: `keyctl show @s; $T/attack calls | grep key; cat /proc/keys | wc -l`, want: []string{`keyctl: EPERM`, `request_key: EPERM`, `(?m)^0$`}},
	{
		id: "PR25", name: "a sandbox in the sandbox", script: `exeat sandbox create nested -- true; echo code $?; bwrap --ro-bind / / true; exeat sandbox list; exeat mcp serve </dev/null`,
		want: []string{`(?m)^error: `, `code 125`},
	},
	{
		id: "PR30", name: "end, stop or read init", script: `$T/attack init; kill -9 1; kill -STOP 1; sleep 0.1; exeat version && echo alive`,
		want: []string{`kill killed: EPERM`, `pidfd_send_signal: EPERM`, `read /proc/1/environ: EACCES`, `^alive$`},
	},
	{
		id: "PR31", name: "end everything in reach", play: func(s *scene) string {
			s.idle()
			return s.exec(`kill -9 -1`) + s.exec(`kill -STOP -1`) + s.exec(`echo alive`)
		},
		want: []string{`^alive$`},
	},
	{id: "PR32", name: "system calls nobody has reviewed, and x32", script: `$T/attack numbers`, want: []string{`^0 numbers got past`}},
	{id: "PR33", name: "the 32-bit door (int 0x80)", script: `$T/attack int80; echo code $?`, want: []string{`code 159`}},
	{
		id: "PR36", name: "the user's environment", script: `env; cat /proc/*/environ | tr '\0' '\n'; cat /proc/*/cmdline | tr '\0' '\n'`,
		want: []string{`EXEAT_SANDBOX=pr36`}, never: `SSH_AUTH_SOCK|DBUS_SESSION|AWS_SECRET|GITHUB_TOKEN`,
	},
	{
		id: "PR37", name: "System V objects of the host", script: `$T/attack sysv 20261125; hostname evil; hostname; ls /dev/mqueue; domainname evil`,
		before: func(s *scene) {
			id, err := unix.SysvShmGet(20261125, 4096, unix.IPC_CREAT|0o666)
			must(s.t, err)
			s.t.Cleanup(func() { _, _ = unix.SysvShmCtl(id, unix.IPC_RMID, nil) })
		},
		want: []string{`shmget: ENOENT`, `msgget: ENOENT`, `(?m)^pr37$`},
	},
	{id: "PR38", name: "the clock", script: `date -s 2001-01-01 >/dev/null; unshare -T true; $T/attack calls | grep time; cat /proc/self/timens_offsets; echo '0 100 0' >/proc/self/timens_offsets`, want: []string{`clock_settime: EPERM`, `(?i)cannot set date|not permitted`}},
	{
		id: "PR40", name: "an interpreter of the host by #!", script: `printf '#!%s/.bashrc\n' $OUT >a; printf '#!/proc/1/root/bin/sh\necho SUCCEEDED\n' >b; printf '#!/exeat/../proc/self/cwd/../other/secret\n' >c; chmod +x a b c; ./a; ./b; ./c`,
		want: []string{`a: (not found|.*No such file)`, `b: (not found|.*Permission denied|.*No such file)`},
	},
	{
		id: "PR41", name: "limits of init",
		play: func(s *scene) string {
			out := s.create(`prlimit --pid 1 --nofile=1:1; prlimit --pid 1 --cpu=1:1; prlimit --pid 1 --as=1:1; prlimit --pid 1 --nproc=1:1; echo tried`)
			return out + s.exec(`echo alive`)
		},
		want: []string{`tried`, `alive`},
	},
	{
		id: "PR42", name: "stop the proxy's answer to connect (a signal in the middle)", script: `for i in 1 2 3 4 5 6 7 8 9 10; do timeout -s KILL 0.02 curl -sS https://a.example.com/ >/dev/null 2>&1; done; curl -sS https://a.example.com/`,
		want: []string{`public page`}, after: func(s *scene) { s.t.Log(len(s.log())) },
	},
	{
		id: "PR43", name: "many programs, one identity each", script: `for i in 1 2 3 4 5 6 7 8; do (exec $T/attack get https://a.example.com/$i) & (exec curl -sS -o /dev/null -w '%{http_code}\n' https://a.example.com/ok) & done; wait`,
		want: []string{`status 403`, `200`}, never: `status 200`, record: denial{exe: "W/attack", host: "a.example.com", port: 443, code: "policy_denied"},
	},
}
