package reexec

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// First is the descriptor of the first file handed down.
const First = 3

// self runs the very binary that is running, also after it was replaced or
// deleted on disk, and whoever may not walk to its directory.
const self = "/proc/self/exe"

// filesArg announces, in the first argument after the role, the names of the
// files handed down.
const filesArg = "files="

// File is an open file under the name by which the child knows it.
type File struct {
	Name string
	File *os.File
}

// Command is one start of this binary in another role.
type Command struct {
	// Role is the hidden command, the first argument of the new process.
	Role string
	// Args follow the role.
	Args []string
	// Env is the whole environment; none is inherited.
	Env []string
	// Dir is the working directory; empty is "/".
	Dir string
	// Stdin, Stdout and Stderr are /dev/null where nil.
	Stdin, Stdout, Stderr *os.File
	// Files become descriptors 3 and up.
	Files []File
	// Attr is applied as it is.
	Attr *syscall.SysProcAttr
}

// Start starts the command. The caller keeps its own copies of all files.
func (c Command) Start() (*os.Process, error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	files := []*os.File{or(c.Stdin, null), or(c.Stdout, null), or(c.Stderr, null)}
	names := make([]string, 0, len(c.Files))
	for _, f := range c.Files {
		if f.Name == "" || strings.ContainsAny(f.Name, ",=") {
			return nil, fmt.Errorf("file name %q cannot be handed down", f.Name)
		}
		names, files = append(names, f.Name), append(files, f.File)
	}
	dir := c.Dir
	if dir == "" {
		dir = "/"
	}
	argv := append([]string{"exeat", c.Role, filesArg + strings.Join(names, ",")}, c.Args...)
	return os.StartProcess(self, argv, &os.ProcAttr{Dir: dir, Env: notNil(c.Env), Files: files, Sys: c.Attr})
}

func or(f, fallback *os.File) *os.File {
	if f == nil {
		return fallback
	}
	return f
}

// notNil keeps os.StartProcess from taking "no environment" for "mine".
func notNil(env []string) []string {
	if env == nil {
		return []string{}
	}
	return env
}

// ErrNotHandedDown says that a process was not started by [Command.Start].
var ErrNotHandedDown = errors.New("not started by exeat itself")

// Received gives the files that the parent handed down, by name, and the
// arguments that follow. Args are those after the role. The files are closed
// on the next exec.
func Received(args []string) (map[string]*os.File, []string, error) {
	if len(args) == 0 || !strings.HasPrefix(args[0], filesArg) {
		return nil, nil, ErrNotHandedDown
	}
	names := strings.Split(strings.TrimPrefix(args[0], filesArg), ",")
	if names[0] == "" {
		names = nil
	}
	for i, name := range names { // all of them before any is wrapped: a stranger's descriptors stay his
		if _, err := unix.FcntlInt(uintptr(First+i), unix.F_SETFD, unix.FD_CLOEXEC); err != nil {
			return nil, nil, fmt.Errorf("file %q: %w", name, ErrNotHandedDown)
		}
	}
	files := map[string]*os.File{}
	for i, name := range names {
		files[name] = os.NewFile(uintptr(First+i), name)
	}
	return files, args[1:], nil
}

// Seal marks every descriptor above standard error close-on-exec. A process
// does this first thing: a shell may have left directories open in it, and one
// of those inside a sandbox is a way out (close_range(2)).
func Seal() error {
	if err := unix.CloseRange(First, ^uint(0), unix.CLOSE_RANGE_CLOEXEC); err != nil {
		return &sealError{err}
	}
	return nil
}

// sealError says that nothing keeps the files of a shell out of a sandbox.
type sealError struct{ err error }

func (e *sealError) Error() string {
	return fmt.Sprintf("close_range(2), which keeps open files out of a sandbox, does not work here: %v", e.err)
}

// Hint says what to do about it.
func (e *sealError) Hint() string {
	return "use Linux 5.12 or later, outside of containers that restrict close_range(2)"
}

func (e *sealError) Unwrap() error { return e.err }
