package confine

import (
	"bytes"
	"encoding/binary"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// defaultPath is searched where the environment has no PATH.
const defaultPath = "/usr/local/bin:/usr/bin:/bin"

// find looks a program up as a shell would, with the rights it will have.
// Relative entries of PATH are left out: they name files of the workspace.
func find(name string, env []string, dir string) (string, *ExecError) {
	if strings.Contains(name, "/") {
		return name, nil // execve says more than we could
	}
	refused := &ExecError{Problem: NotFound, Path: name, Errno: unix.ENOENT}
	for _, d := range strings.Split(searchPath(env), ":") {
		if !strings.HasPrefix(d, "/") {
			continue
		}
		p := filepath.Join(d, name)
		var st unix.Stat_t
		if unix.Stat(p, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
			continue
		}
		if unix.Access(p, unix.X_OK) == nil {
			return p, nil
		}
		refused = &ExecError{Problem: NotExecutable, Path: p, Errno: unix.EACCES}
	}
	return "", refused
}

func searchPath(env []string) string {
	path := defaultPath
	for _, e := range env {
		if v, ok := strings.CutPrefix(e, "PATH="); ok {
			path = v
		}
	}
	return path
}

// enterable checks what the fork would report as if the program were missing.
func enterable(dir string) error {
	fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Faccessat(fd, ".", unix.X_OK, 0)
}

// classify says why execve(2) refused: ENOENT is also its answer to a program
// that is there and whose interpreter is not.
func classify(path, dir string, e syscall.Errno) *ExecError {
	refused := &ExecError{Problem: OtherProblem, Path: path, Errno: e}
	at := path
	if !filepath.IsAbs(at) {
		at = filepath.Join(dir, at)
	}
	var st unix.Stat_t
	switch statErr := unix.Stat(at, &st); {
	case statErr != nil && missing(e):
		refused.Problem = NotFound
	case statErr == nil && e == unix.ENOENT:
		refused.Problem, refused.Interpreter = NoInterpreter, interpreter(at)
	case e == unix.EAGAIN:
		refused.Problem = TooMany
	case e == unix.EACCES || e == unix.ENOEXEC:
		refused.Problem = NotExecutable
	}
	return refused
}

// noName stands for the loader of a program that does not say which.
const noName = "the program's loader"

// interpreter reads from a program what it wants to be run by: a script in its
// first line, a dynamic one in its program headers.
func interpreter(path string) string {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return noName
	}
	defer unix.Close(fd)
	head := make([]byte, 4096)
	n, err := unix.Read(fd, head)
	if err != nil {
		return noName
	}
	return named(head[:max(n, 0)])
}

// named is the interpreter in the first bytes of a file.
func named(head []byte) string {
	line, script := bytes.CutPrefix(head, []byte("#!"))
	if !script {
		return loader(head)
	}
	line = line[:min(len(line), 254)] // as much as the kernel looks at (BINPRM_BUF_SIZE)
	line, _, _ = bytes.Cut(line, []byte("\n"))
	fields := bytes.Fields(line)
	if len(fields) == 0 {
		return noName
	}
	return string(fields[0])
}

const ptInterp = 3

// loader is the PT_INTERP of a 64-bit little-endian program (elf(5)). The file
// is the sandbox's: nothing in it is believed further than it reaches.
func loader(head []byte) string {
	if len(head) < 64 || string(head[:6]) != "\x7fELF\x02\x01" {
		return noName
	}
	headers := binary.LittleEndian.Uint64(head[32:])
	size, count := uint64(binary.LittleEndian.Uint16(head[54:])), uint64(binary.LittleEndian.Uint16(head[56:]))
	for i := range count {
		header := part(head, headers+i*size, 56)
		if header == nil || binary.LittleEndian.Uint32(header) != ptInterp {
			continue
		}
		name := part(head, binary.LittleEndian.Uint64(header[8:]), binary.LittleEndian.Uint64(header[32:]))
		if path := string(bytes.TrimRight(name, "\x00")); path != "" {
			return path
		}
	}
	return noName
}

// part is n bytes of b, or nil where they are not all there.
func part(b []byte, at, n uint64) []byte {
	if size := uint64(len(b)); at > size || n > size-at {
		return nil
	}
	return b[at : at+n]
}
