package identity

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// status is the part of /proc/PID/stat that tells processes apart.
type status struct {
	pid     int
	parent  int
	session int
	start   uint64 // in clock ticks since boot
}

// status reads proc_pid_stat(5): "PID (COMM) STATE PPID PGRP SESSION ...", the start time being field 22.
// COMM is the process's own choice and may contain anything, also ") R 1": the last ')' ends it.
func (p procfs) status(pid int) (status, error) {
	var buffer [1024]byte
	text, err := readProc(p.file(pid, "stat"), buffer[:])
	if err != nil {
		return status{}, err
	}
	s, err := parseStatus(text)
	s.pid = pid
	return s, err
}

func parseStatus(text []byte) (s status, err error) {
	end := bytes.LastIndexByte(text, ')')
	number := 2 // of the field before: COMM
	for field := range bytes.FieldsSeq(text[end+1:]) {
		switch number++; number {
		case 4:
			s.parent, err = strconv.Atoi(string(field))
		case 6:
			s.session, err = strconv.Atoi(string(field))
		case 22:
			s.start, err = strconv.ParseUint(string(field), 10, 64)
			return s, err
		}
		if err != nil {
			return status{}, err
		}
	}
	return status{}, errors.New("the kernel's process status is not understood")
}

// threadGroup returns the process that a thread belongs to.
func (p procfs) threadGroup(tid int) (int, error) {
	var buffer [4096]byte
	text, err := readProc(p.file(tid, "status"), buffer[:])
	if err != nil {
		return 0, err
	}
	// Name, the first line, is escaped by the kernel: it cannot contain a line of its own.
	_, after, found := bytes.Cut(text, []byte("\nTgid:\t"))
	number, _, ended := bytes.Cut(after, []byte("\n"))
	if !found || !ended {
		return 0, errors.New("the kernel's thread status is not understood")
	}
	return strconv.Atoi(string(number))
}

// deletedSuffix is what the kernel adds to the path of a file that has none any more (proc_pid_exe(5)).
const deletedSuffix = " (deleted)"

// program is the executable of a process, held open so that path, content and inode stay one thing.
type program struct {
	fd      int // -1 when it could not be opened
	path    string
	unknown string // why it cannot be identified
}

// program opens /proc/TID/exe: the kernel's own reference, whatever lies at that path by now.
func (p procfs) program(tid int) (program, error) {
	link := p.file(tid, "exe")
	fd, err := unix.Open(link, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	switch err {
	case nil:
		return describe(fd), nil
	case unix.ENOENT, unix.ESRCH: // it ended, or is about to
		return program{fd: -1}, err
	}
	path, _ := readlink(link) // only for the record
	return program{fd: -1, path: path, unknown: fmt.Sprintf("its executable cannot be read: %v", err)}, nil
}

// describe names an open executable as its own mount namespace names it.
func describe(fd int) program {
	path, err := readlink("/proc/self/fd/" + strconv.Itoa(fd))
	p := program{fd: fd, path: path}
	switch {
	case err != nil:
		p.unknown = fmt.Sprintf("its executable has no path: %v", err)
	case strings.HasPrefix(path, "/memfd:"):
		p.unknown = "it runs from memory, not from a file"
	case strings.HasSuffix(path, deletedSuffix): // also a file really named so
		p.unknown = "its executable was deleted or replaced while it runs"
	case !strings.HasPrefix(path, "/"):
		p.unknown = "its executable is outside the sandbox's file system"
	}
	return p
}

func readlink(path string) (string, error) {
	var buffer [unix.PathMax]byte
	n, err := unix.Readlink(path, buffer[:])
	if err != nil {
		return "", err
	}
	if n == len(buffer) {
		return "", unix.ENAMETOOLONG
	}
	return string(buffer[:n]), nil
}

func (p program) close() {
	if p.fd >= 0 {
		unix.Close(p.fd)
	}
}
