package observe

import (
	"os"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"exeat/proxy/identity"
)

// event is one copied call.
type event struct {
	call    Call
	writes  bool
	creates bool
	paths   []string
	proc    string
	caller  identity.Caller
}

// eventOf reads the flags of an open; other calls always change something.
func eventOf(call Call, held *identity.Call, proc string) event {
	e := event{call: call, writes: true, creates: call.creates, proc: proc}
	if call.Flags != 0 {
		flags := uint32(held.Args[call.Flags])
		e.writes, e.creates = flags&changes != 0, flags&unix.O_CREAT != 0
		e.call.follow = flags&unix.O_NOFOLLOW == 0
	}
	return e
}

// read copies one path and makes it absolute.
func (e *event) read(held *identity.Call, a argument) (string, bool) {
	name, ok := held.Text(held.Args[a.path])
	if !ok || name == "" {
		return "", false
	}
	if strings.HasPrefix(name, "/") {
		return path.Clean(name), true
	}
	link := e.proc + "/cwd"
	if a.dir >= 0 && int32(held.Args[a.dir]) != unix.AT_FDCWD {
		link = e.proc + "/fd/" + strconv.Itoa(int(int32(held.Args[a.dir])))
	}
	base, err := os.Readlink(link)
	if err != nil || !strings.HasPrefix(base, "/") {
		return "", false
	}
	return path.Join(base, name), true
}

// unaliased is the path itself, also for one that goes round by a process's root.
func unaliased(name string) string {
	parts := strings.SplitN(name, "/", 5) // "", proc, PID, root, rest
	if len(parts) >= 4 && parts[1] == "proc" && parts[3] == "root" {
		return path.Join(append([]string{"/"}, parts[4:]...)...)
	}
	return name
}

func within(name, dir string) bool {
	return name == dir || strings.HasPrefix(name, strings.TrimSuffix(dir, "/")+"/")
}

func withinAny(name string, dirs []string) bool {
	for _, dir := range dirs {
		if within(name, dir) {
			return true
		}
	}
	return false
}
