package sandbox_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sockets are where programs of a desktop and of a server listen for whoever
// may connect, and act for them: RUN is $XDG_RUNTIME_DIR, @ an abstract name.
var sockets = []string{
	"RUN/bus", "RUN/systemd/private", "RUN/gnupg/S.gpg-agent", "RUN/keyring/ssh", "RUN/wayland-0", "RUN/pulse/native",
	"HOME/.gnupg/S.gpg-agent", "HOME/.ssh/agent.sock", "HOME/.docker/run/docker.sock", "HOME/project/.s.PGSQL.5432",
	"/tmp/.X11-unix/X7777", "/tmp/ssh-exeat-test/agent.1", "/tmp/tmux-exeat-test/default", "@/tmp/.X11-unix/X7777", "@exeat-test-ibus",
	"/run/exeat-test/docker.sock", "/run/exeat-test/dbus/system_bus_socket", "/run/exeat-test/systemd/resolve/io.systemd.Resolve",
	"/var/tmp/exeat-test/x.sock",
}

// No socket of this machine can be connected to from a sandbox, whatever the
// places that programs put them; those of X11 have no place in a file system.
func TestSockets(t *testing.T) {
	boxes := newBoxes(t)
	base := filepath.Dir(boxes.Dirs.State)
	var bound []string
	for _, name := range sockets {
		if strings.HasPrefix(name, "/run/") && os.Geteuid() != 0 {
			continue // root's to make
		}
		name = strings.NewReplacer("RUN", base+"/xdg", "HOME", boxes.Home).Replace(name)
		bound = append(bound, name)
		listen(t, name)
	}
	create(t, boxes, frozen(t, "box", testPolicy))
	const try = `
import socket, sys
for name in sys.argv[1:]:
    for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
        try:
            s = socket.socket(socket.AF_UNIX, kind)
            s.connect(("\0" + name[1:]) if name[0] == "@" else name)
            print("connected to", name)
        except OSError as e:
            if e.errno not in (1, 2, 13, 94, 111): print(name, e)
print("tried")`
	if got := run(t, boxes, "box", append([]string{"python3", "-c", try}, bound...)...); got.out != "tried\n" {
		t.Errorf("got %+v", got)
	}
	if got := run(t, boxes, "box", "sh", "-c", "find / -xdev -type s 2>/dev/null; ls -A /run /var/run 2>/dev/null"); got.out != "" {
		t.Errorf("there is %s", got.out)
	}
}

// listen serves a socket at name, and proves from outside that it can be connected to.
func listen(t *testing.T, name string) {
	t.Helper()
	if name[0] != '@' {
		makeDir(t, filepath.Dir(name))
	}
	l, err := net.Listen("unix", name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	if name[0] != '@' {
		if err := os.Chmod(name, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	conn, err := net.Dial("unix", name)
	if err != nil {
		t.Fatalf("from outside: %v", err)
	}
	conn.Close()
}

// makeDir makes a directory that everybody may enter, and removes what it made.
func makeDir(t *testing.T, dir string) {
	t.Helper()
	if _, err := os.Stat(dir); err == nil {
		return
	}
	makeDir(t, filepath.Dir(dir))
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
}
