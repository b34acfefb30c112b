package redteam_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"exeat/cmd/demo/world"
)

var fileAttacks = []attack{
	{
		id: "FS01", name: "read an SSH key", script: `cat $OUT/.ssh/id_ed25519 ~/.ssh/id_ed25519 $OUT/.netrc`,
		want: []string{`\.ssh/id_ed25519: No such file`, `\.netrc: No such file`},
	},
	{id: "FS02", name: "read a sibling project", script: `cat ../other/secret; ls ..`, want: []string{`other/secret: No such file`}, never: `(?m)^other$`},
	{
		id: "FS08", name: "write through a symlink that leads out", script: `ln -s $OUT/.bashrc l && echo x >>l; ln -s /etc/passwd p && echo x >>p; ln -s $OUT/victim v && echo x >v/file`,
		want: []string{`create v/file: Directory nonexistent`, `p: .*(Read-only|Permission denied)`},
	},
	{
		id: "FS09", name: "a symlink that is there before the start (H)", script: `echo x >.claude/file; echo x >.git/file; rm -rf .claude/* .git/*; chmod 777 .claude/file; ls .claude`,
		before: func(s *scene) {
			for _, name := range []string{".claude", ".git"} {
				must(s.t, os.Symlink(filepath.Join(s.home, "victim"), filepath.Join(s.work, name)))
			}
		},
		want: []string{`\.claude`}, never: `^file$`,
	},
	{
		id: "FS11", name: "out by /proc", script: `cat /proc/1/root$OUT/.ssh/id_ed25519 /proc/self/root$OUT/.ssh/id_ed25519 /proc/$PPID/cwd/../other/secret /proc/$$/cwd/../other/secret; ls /proc/1/cwd/ /proc/1/root/`,
		want: []string{`/proc/1/root.*Permission denied`, `/proc/self/root.*No such file`},
	},
	{
		id: "FS13", name: "hard link to a file of the host", script: `ln $OUT/.bashrc b; ln /etc/passwd b && echo x >>b; ln /exeat/bin/exeat b`,
		want: []string{`No such file`, `(?i)cross-device link|not permitted`},
	},
	{
		id: "FS15", name: "learn names and sizes", script: `stat $OUT/.aws/credentials; ls -la $OUT $OUT/..; find / -maxdepth 6 -path /usr -prune -o -name id_ed25519 -print -o -name victim -print 2>/dev/null`,
		want: []string{`cannot stat.*No such file|No such file`}, never: `(?m)(^/.*id_ed25519$|\.aws$|victim$)`,
	},
	{
		id: "FS16", name: "leave something in /tmp and /dev/shm", script: `echo x >/dev/shm/planted; echo x >/tmp/planted; ls /tmp /dev/shm; df /tmp | tail -1`,
		before: func(s *scene) { must(s.t, os.WriteFile("/tmp/exeat-redteam-"+s.name, []byte(secret), 0o644)) },
		want:   []string{`planted`}, never: `exeat-redteam`,
		after: func(s *scene) {
			must(s.t, os.Remove("/tmp/exeat-redteam-"+s.name))
			for _, name := range []string{"/tmp/planted", "/dev/shm/planted"} {
				if _, err := os.Lstat(name); err == nil {
					s.t.Errorf("%s is on the host", name)
				}
			}
		},
	},
	{id: "FS19", name: "open files by handle", script: `$T/attack handle .; $T/attack handle /etc; $T/attack handle /`, want: []string{`by handle: EPERM`}},
	{id: "FS21", name: "change a read-only file", script: `$T/attack files /etc/hosts /etc/passwd /usr/bin/env /exeat/bin/exeat`, want: []string{`truncate /etc/hosts: (EROFS|EACCES)`, `open O_RDWR /exeat/bin/exeat: (EROFS|EACCES|ETXTBSY)`}},
	{
		id: "FS22", name: "overwrite a program the policy names",
		policy: "  writable:\n    endpoints: [ { host: a.example.com, port: 80, protocol: rest, enforcement: enforce, access: read-only } ]\n    binaries: [ { path: W/tool, descendants: false } ]\n",
		before: func(s *scene) { copyTool(s, "tool") },
		script: `./tool get http://a.example.com/first; cp /usr/bin/curl tool; ./tool -sS http://a.example.com/second; cp attack tool.new && echo >>tool.new; mv tool.new tool; ./tool get http://a.example.com/third`,
		want:   []string{`first: status 200`, `third: status 403`},
		record: denial{exe: "W/tool*", host: "a.example.com", port: 80, code: "unknown_identity"},
		after: func(s *scene) {
			if got := append(s.town.came("a.example.com/second"), s.town.came("a.example.com/third")...); len(got) > 0 {
				s.t.Errorf("a changed program got through: %q", got)
			}
		},
	},
	{
		id: "FS24", name: "rewrite the policy's file", script: `sed -i 's/a\.example\.com/e.example.net/; s/read-only/full/' policy.yaml; grep -c e.example.net policy.yaml; curl -sS https://e.example.net/; curl -sS -X POST https://a.example.com/`,
		want: []string{`policy_denied`}, record: denial{exe: "/usr/bin/curl", host: "e.example.net", port: 443, code: "policy_denied"},
	},
	{
		id: "FS30", name: "write to the kernel's switches", script: `for f in /proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sys/vm/drop_caches /proc/sys/user/max_user_namespaces /proc/sysrq-trigger /proc/self/attr/current /sys/kernel/uevent_helper /sys/fs/cgroup/release_agent; do echo 1 >$f && echo $f SUCCEEDED; done; ls /sys`,
		want: []string{`core_pattern: .*(Read-only|Permission denied)`},
	},
	{id: "FS31", name: "out by .. above a mount", script: `cat ../../../../../../..$OUT/.bashrc; cd /proc/self/cwd/../../..; ls | tr '\n' ' '; cd $W; cd -P ../../..; ls`, want: []string{`No such file`}, never: `victim|\.ssh`},
	{id: "FS32", name: "open again for writing what was opened for nothing", script: `$T/attack reopen /etc/hosts; $T/attack reopen /exeat/bin/exeat; $T/attack reopen /etc/shadow`, want: []string{`O_RDWR of the link: (EROFS|EACCES)`}},
	{id: "FS33", name: "device nodes", script: `$T/attack devices . /tmp /dev /dev/shm /sandbox`, want: []string{`mknod sda: EPERM`, `open /dev/mem: ENOENT`}},
	{
		id: "FS34", name: "files the starting shell had open (H)",
		play: func(s *scene) string {
			argv := append([]string{"sh", "-c", `exec 3</ 4<"$HOME/.ssh" 5<"$HOME/.bashrc" 7<"$HOME" 9<.; exec "$@"`, "sh", "exeat"}, s.arguments("./attack", "files-open")...)
			cmd := s.command(s.t.Context())
			cmd.Path, cmd.Args = "/bin/sh", argv
			out, _ := cmd.CombinedOutput()
			return string(out)
		},
		want: []string{`descriptors counted`},
	},
	{
		id: "FS35", name: "memory and log of the kernel", script: `$T/attack read /proc/kcore /proc/kmsg /proc/keys /proc/key-users /proc/kallsyms /proc/timer_list /proc/sched_debug /proc/config.gz /etc/shadow; $T/attack write /proc/kcore`,
		want: []string{`/proc/kcore: (ENODATA|ENOENT|EACCES)`, `/etc/shadow: EACCES`},
	},
	{
		id: "FS36", name: "a set-uid program for the host", script: `cp /bin/sh s && chmod 4755 s; chmod u+s s; chmod 2755 s; mkdir d && chmod g+s d; cp --preserve=mode /usr/bin/passwd . ; ls -l`,
		want: []string{`Operation not permitted`},
		after: func(s *scene) {
			entries, _ := os.ReadDir(s.work)
			for _, e := range entries {
				if info, err := e.Info(); err == nil && info.Mode()&(os.ModeSetuid|os.ModeSetgid) != 0 {
					s.t.Errorf("%s is %s on the host", e.Name(), info.Mode())
				}
			}
		},
	},
	{
		id: "FS37", name: "change exeat itself (CVE-2019-5736)", script: `echo x >/exeat/bin/exeat; cp $T/attack /exeat/bin/exeat; $T/attack write /proc/1/exe /exeat/bin/exeat /exeat/denials.log /exeat/ca-bundle.pem /exeat/gitconfig; rm -f /exeat/bin/exeat; ls -l /exeat/bin/exeat`,
		want: []string{`/exeat/bin/exeat: (EROFS|EACCES|ETXTBSY)`, `/proc/1/exe: (EACCES|ENOENT)`},
	},
	{
		id: "FS38", name: "a link in /sandbox for whoever deletes it", play: func(s *scene) string {
			out := s.create(`ln -s $OUT/victim /sandbox/v; ln -s $OUT/victim/file /sandbox/f; mkdir -m 0 /sandbox/shut; ln -s / /sandbox/root; echo left`)
			return out + s.exeat("sandbox", "delete", s.name) + s.exeat("sandbox", "list")
		},
		want: []string{`left`}, never: `(?m)^fs38 +(running|stopped)`,
	},
	{
		id: "FS39", name: "a fifo and a device where the host reads", script: `mkfifo pipe; mknod zero c 1 5; mknod white c 0 0; ln -s /dev/zero z; ls -l`,
		want: []string{`mknod: .*not permitted`},
		after: func(s *scene) {
			if info, err := os.Lstat(filepath.Join(s.work, "zero")); err == nil && info.Mode()&os.ModeDevice != 0 {
				s.t.Error("a device is on the host")
			}
		},
	},
	{
		id: "FS40", name: "whose the files are on the host", script: `echo x >made; mkdir dir; ln made hard; chown 0:0 made; ls -n made`,
		want: []string{`Operation not permitted|Invalid argument`},
		after: func(s *scene) {
			info, err := os.Lstat(filepath.Join(s.work, "made"))
			must(s.t, err)
			if got := int(info.Sys().(*syscall.Stat_t).Uid); got != os.Getuid() {
				s.t.Errorf("a file of the workdir belongs to %d, the workdir's owner is %d", got, os.Getuid())
			}
		},
	},
	{
		id: "FS41", name: "a FUSE or overlay file system", script: `mount -t overlay o -o lowerdir=/usr,upperdir=. /tmp; mount -t fuse f /tmp; mount --bind $W /etc; fusermount3 -u /tmp; umount -l /etc/hosts; cat /etc/hosts | grep -c exeat.local`,
		want: []string{`(?m)^[12]$`},
	},
	{
		id: "FS42", name: "take the mount of the workdir away", script: `mv $W $W.away; rmdir $W; rm -rf /etc/hosts /usr/bin/env; mv /sandbox /s; ls -d $W`,
		want: []string{`busy|Read-only|Permission denied|cannot move`},
	},
}

// copyTool puts the attacker's program into the workdir, as the user would have built it there.
func copyTool(s *scene, name string) {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(world.Dir(), "tools/attack"))
	must(s.t, err)
	must(s.t, os.WriteFile(filepath.Join(s.work, name), text, 0o755))
}

// processes of the machine whose command line contains the words.
func processes(words string) (found []string) {
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, name := range lines {
		if line, err := os.ReadFile(name); err == nil && strings.Contains(string(line), words) {
			found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return found
}
