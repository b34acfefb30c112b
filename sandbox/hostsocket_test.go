package sandbox_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"exeat/sandbox"
	"exeat/store"
)

// hostSocket listens, as a program of the host, and counts who comes.
func hostSocket(t *testing.T, network, path string) *atomic.Int32 {
	t.Helper()
	l, err := net.Listen(network, path)
	if err != nil {
		t.Fatal(err)
	}
	os.Chmod(path, 0o777)
	t.Cleanup(func() { l.Close() })
	came := &atomic.Int32{}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			came.Add(1)
			c.Close()
		}
	}()
	return came
}

// socketBox is a sandbox with a workdir and a read-only path, both on the host.
func socketBox(t *testing.T) (boxes *sandbox.Sandboxes, work, readOnly string) {
	t.Helper()
	boxes = newBoxes(t)
	base := filepath.Dir(boxes.Dirs.State)
	work = base + "/work"
	os.MkdirAll(work+"/sub", 0o755)
	os.Chmod(base, 0o755)
	readOnly, err := os.MkdirTemp("/var/tmp", "exeat") // /tmp is the sandbox's own
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(readOnly) })
	os.Chmod(readOnly, 0o755)
	args := frozen(t, "box", strings.Replace(testPolicy, "[/usr,", "["+readOnly+", /usr,", 1))
	args.Spec.Workdir = work
	create(t, boxes, args)
	return boxes, work, readOnly
}

// python runs a program of these lines inside; C connects and prints the error's name.
func python(t *testing.T, boxes *sandbox.Sandboxes, program string) string {
	t.Helper()
	const head = `
import errno, os, socket, struct, sys, threading, time
def C(path, kind=socket.SOCK_STREAM):
    s = socket.socket(socket.AF_UNIX, kind)
    try: s.connect(path)
    except OSError as e: print(errno.errorcode.get(e.errno, e)); return s
    print("connected"); return s
def L(path, kind=socket.SOCK_STREAM, backlog=5):
    s = socket.socket(socket.AF_UNIX, kind); s.bind(path); s.listen(backlog); return s
`
	got := run(t, boxes, "box", "python3", "-c", head+program)
	return strings.Join(strings.Fields(got.out+got.err), " ")
}

// No path leads to a socket of the host: not its own, not a symlink, not a
// relative one, not through /proc, and not one that changes while it is read.
func TestHostSocketsAreOutOfReach(t *testing.T) {
	boxes, work, readOnly := socketBox(t)
	places := strings.NewReplacer("WORK", work, "RO", readOnly)
	long := work + "/" + strings.Repeat("d", 107-len(work)-1)
	came := []*atomic.Int32{
		hostSocket(t, "unix", work+"/host"), hostSocket(t, "unix", work+"/sub/host"), hostSocket(t, "unix", readOnly+"/host"),
		hostSocket(t, "unixpacket", work+"/packet"), hostSocket(t, "unix", long), hostSocket(t, "unix", "@"+filepath.Base(filepath.Dir(work))),
	}
	rows := []struct{ script, want string }{
		{`C("WORK/host"); C("RO/host"); C("WORK/sub/host")`, "EACCES EACCES EACCES"},
		{`C("host"); C("./host"); os.chdir("sub"); C("host"); C("../host"); C("../../../../../../../../..RO/host")`, "EACCES EACCES EACCES EACCES EACCES"},
		{`os.symlink("WORK/host", "/tmp/l"); os.symlink("host", "l"); C("/tmp/l"); C("l"); os.symlink("RO", "dir"); C("dir/host")`, "EACCES EACCES EACCES"},
		{`C("/proc/self/rootWORK/host"); C("/proc/self/cwd/host"); C("/proc/%d/rootWORK/host" % os.getpid())`, "EACCES EACCES EACCES"},
		{`f = os.open("host", os.O_PATH); C("/proc/self/fd/%d" % f); C("/dev/fd/%d" % f); d = os.open("sub", os.O_PATH); C("/proc/self/fd/%d/host" % d)`, "EACCES EACCES EACCES"},
		{`C("WORK/packet", socket.SOCK_SEQPACKET); C("WORK/host", socket.SOCK_SEQPACKET)`, "EACCES EACCES"},
		{`C("` + long + `")`, "EACCES"},
		{`os.link("host", "linked"); C("linked"); os.rename("linked", "moved"); C("moved")`, "EACCES EACCES"},
		{`C("\0` + filepath.Base(filepath.Dir(work)) + `")`, "ECONNREFUSED"},
		{`
for pair in (False, True):
    for kind in socket.SOCK_DGRAM, socket.SOCK_RAW:
        try: (socket.socketpair if pair else socket.socket)(socket.AF_UNIX, kind); print("made")
        except OSError as e: print(errno.errorcode[e.errno])`, strings.TrimSpace(strings.Repeat("ESOCKTNOSUPPORT ", 4))},
	}
	for _, row := range rows {
		if got := python(t, boxes, places.Replace(row.script)); got != row.want {
			t.Errorf("%s: got %q, want %q", row.script, got, row.want)
		}
	}
	python(t, boxes, places.Replace(swap))
	for i, n := range came {
		if n.Load() != 0 {
			t.Errorf("host socket %d was reached %d times", i, n.Load())
		}
	}
	denied := denials(t, boxes)
	if len(denied) == 0 || denied[0].Layer != "file" || denied[0].Method != "connect" || denied[0].Target != work+"/host" || !strings.HasPrefix(denied[0].Exe, "/usr/bin/python3") {
		t.Errorf("got denials %+v", denied)
	}
}

// swap connects over and over while another thread writes the host's path and
// one of the sandbox's into the address in turns.
const swap = `
import ctypes
l = L("/tmp/mine", backlog=4096)
libc = ctypes.CDLL(None, use_errno=True)
a = [struct.pack("H108s", 1, p.encode()) for p in ("/tmp/mine", "WORK/host")]
m = ctypes.create_string_buffer(a[0], 110)
until = time.monotonic() + 1
def flip():
    while time.monotonic() < until:
        ctypes.memmove(m, a[1], 110); ctypes.memmove(m, a[0], 110)
threading.Thread(target=flip).start()
while time.monotonic() < until:
    s = socket.socket(socket.AF_UNIX); libc.connect(s.fileno(), m, 110); s.close()
`

func denials(t *testing.T, boxes *sandbox.Sandboxes) []store.Decision {
	t.Helper()
	info, err := boxes.Get(t.Context(), "box")
	if err != nil {
		t.Fatal(err)
	}
	r, err := store.OpenDecisionReader(t.Context(), boxes.Dirs, info.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	all, err := r.Decisions(t.Context(), store.DecisionFilter{Denied: true, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A socket made inside works wherever it is, and fails as the kernel says.
func TestOwnSocketsWork(t *testing.T) {
	boxes, work, _ := socketBox(t)
	places := strings.NewReplacer("WORK", work)
	rows := []struct{ script, want string }{
		{`l = L("/tmp/s"); C("/tmp/s"); os.chdir("/tmp"); C("s"); C("../tmp/s"); C("/../tmp/./s"); os.symlink("/tmp/s", "link"); C("link")`, "connected connected connected connected connected"},
		{`l = L("WORK/s"); C("WORK/s"); C("s"); C("sub/../s"); C("/proc/self/cwd/s"); C("/proc/self/rootWORK/s")`, "connected connected connected connected connected"},
		{`os.chdir("/sandbox"); l = L("s"); C("/sandbox/s"); os.rename("s", "moved"); C("moved"); C("s")`, "connected connected ENOENT"},
		{`l = L("/tmp/o"); f = os.open("/tmp/o", os.O_PATH); C("/proc/self/fd/%d" % f); os.unlink("/tmp/o"); C("/proc/%d/fd/%d" % (os.getpid(), f))`, "connected connected"},
		{`l = L("\0abstract"); C("\0abstract"); C("\0other"); l = L(""); C(l.getsockname())`, "connected ECONNREFUSED connected"},
		{`
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
raw = struct.pack("H108s", 1, b"/tmp/" + b"x" * 103)
l, s = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
print(libc.bind(l.fileno(), raw, 110), libc.listen(l.fileno(), 1), libc.connect(s.fileno(), raw, 110))
s = socket.socket(socket.AF_UNIX)
print(libc.connect(s.fileno(), raw, 109), errno.errorcode[ctypes.get_errno()])`, "0 0 0 -1 ENOENT"},
		{`l = L("/tmp/p", socket.SOCK_SEQPACKET); C("/tmp/p", socket.SOCK_SEQPACKET); C("/tmp/p")`, "connected EPROTOTYPE"},
		{`C("/tmp/none"); C("/dev/null/x"); C("none/x"); L("/tmp/q").close(); C("/tmp/q"); open("/tmp/f", "w"); C("/tmp/f"); C("/tmp")`, "ENOENT ENOTDIR ENOENT ECONNREFUSED ECONNREFUSED ECONNREFUSED"},
		{`os.symlink("loop", "/tmp/loop"); C("/tmp/loop"); C("/tmp/" + "y" * 50 + "/" + "z" * 50)`, "ELOOP ENOENT"},
		{`s = socket.socket(socket.AF_UNIX); s.bind("/tmp/deaf"); C("/tmp/deaf")`, "ECONNREFUSED"},
		{`l = L("/tmp/w"); os.chmod("/tmp/w", 0o400); C("/tmp/w"); os.mkdir("/tmp/d"); m = L("/tmp/d/s"); os.chmod("/tmp/d", 0); C("/tmp/d/s")`, "EACCES EACCES"},
		{`
l = L("/tmp/full", backlog=0); a = C("/tmp/full")
s = socket.socket(socket.AF_UNIX); s.setblocking(False)
try: s.connect("/tmp/full")
except OSError as e: print(errno.errorcode[e.errno])
s.setblocking(True)
threading.Timer(0.1, lambda: l.accept()).start()
s.connect("/tmp/full"); print("waited"); l.accept()
try: s.connect("/tmp/full")
except OSError as e: print(errno.errorcode[e.errno])`, "connected EAGAIN waited EISCONN"},
		{`
l = L("/tmp/cred"); s = C("/tmp/cred"); c, _ = l.accept()
print(struct.unpack("3i", c.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1] == os.getuid())
s.sendall(b"x"); print(c.recv(1).decode())`, "connected True x"},
		{`
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
s = socket.socket(socket.AF_UNIX)
for raw, n in (b"\1\0", 2), (b"\1\0/tmp/s", 111), (b"\1\0/tmp/s", 4096), (b"\1\0/tmp/s", -1), (b"\2\0/tmp/s", 110), (None, 110), (b"\1\0", 0):
    libc.connect(s.fileno(), raw if raw is None else ctypes.create_string_buffer(raw, 4096), n); print(errno.errorcode[ctypes.get_errno()])
libc.connect(999, b"", 2); print(errno.errorcode[ctypes.get_errno()])
libc.connect(0, b"\1\0", 2); print(errno.errorcode[ctypes.get_errno()])`, "EINVAL EINVAL EINVAL EINVAL EINVAL EFAULT EINVAL EBADF ENOTSOCK"},
	}
	for _, row := range rows {
		if got := python(t, boxes, places.Replace(row.script)); got != row.want {
			t.Errorf("%s: got %q, want %q", row.script, got, row.want)
		}
		run(t, boxes, "box", "sh", "-c", "chmod u+rwx /tmp/d 2>/dev/null; find /tmp -mindepth 1 -maxdepth 1 ! -name 'Test*' -exec rm -rf {} +; rm -f "+work+"/s")
	}
	if denied := denials(t, boxes); len(denied) != 0 {
		t.Errorf("got denials %+v, want none: nothing was asked of the host", denied)
	}
}

// Programs that talk to themselves over unix sockets go on doing so.
func TestToolsOverUnixSockets(t *testing.T) {
	boxes, _, _ := socketBox(t)
	rows := []struct{ program, script, want string }{
		{"ssh-agent", `eval $(ssh-agent) >/dev/null; ssh-add -l; kill $SSH_AGENT_PID`, "The agent has no identities.\n"},
		{"tmux", `tmux -f /dev/null new-session -d 'sleep 60' && tmux -f /dev/null list-sessions -F on; tmux kill-server`, "on\n"},
		{"node", `node -e 'const net = require("net"); const s = net.createServer(c => c.end("on\n")).listen("/tmp/node", () => net.connect("/tmp/node").on("data", d => process.stdout.write(d)).on("close", () => s.close()))'`, "on\n"},
		{"python3", `python3 -c '
import asyncio, multiprocessing, multiprocessing.managers as m
async def main():
    async def serve(r, w): w.write(b"on\n"); w.close()
    await asyncio.start_unix_server(serve, "/tmp/aio")
    r, w = await asyncio.open_unix_connection("/tmp/aio")
    print((await r.read()).decode(), end="")
asyncio.run(main())
with m.SyncManager() as manager: print(len(manager.list([1, 2])))
with multiprocessing.Pool(2) as pool: print(pool.map(len, ["a", "bb"]))'`, "on\n2\n[1, 2]\n"},
	}
	for _, row := range rows {
		if _, err := os.Stat("/usr/bin/" + row.program); err != nil {
			continue // not on this machine
		}
		if got := run(t, boxes, "box", "sh", "-c", row.script); got.out != row.want {
			t.Errorf("%s: got %+v, want %q", row.program, got, row.want)
		}
	}
}

// A bind mount is another way to the same socket.
func TestHostSocketBelowBindMount(t *testing.T) {
	if os.Geteuid() != 0 {
		return // an ordinary user has no bind mounts
	}
	boxes := newBoxes(t)
	base := filepath.Dir(boxes.Dirs.State)
	work, other := base+"/work", base+"/other"
	os.MkdirAll(work+"/bound", 0o755)
	os.MkdirAll(other, 0o755)
	came := hostSocket(t, "unix", other+"/host")
	if err := unix.Mount(other, work+"/bound", "", unix.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Unmount(work+"/bound", unix.MNT_DETACH) })
	args := frozen(t, "box", testPolicy)
	args.Spec.Workdir = work
	create(t, boxes, args)
	if got := python(t, boxes, `C("bound/host"); l = L("/tmp/s"); C("/tmp/s")`); got != "EACCES connected" || came.Load() != 0 {
		t.Errorf("got %q, reached %d times", got, came.Load())
	}
}
