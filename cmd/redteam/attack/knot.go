package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// knot leaves a connect() behind that nobody inside can end: its socket waits for
// a full listener, which lies in the queue of that very socket (SCM_RIGHTS).
func knot(args []string) {
	waiting, full := filepath.Join(args[0], "waiting"), filepath.Join(args[0], "full")
	listener, err := bound(full)
	tied := errors.Join(err, unix.Listen(listener, 0), reach(full))
	socket, err := bound(waiting)
	tied = errors.Join(tied, err)
	go func() { fmt.Println("connect:", unix.Connect(socket, &unix.SockaddrUnix{Name: full})) }()
	time.Sleep(300 * time.Millisecond)
	client, _ := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	tied = errors.Join(tied, unix.Listen(socket, 0), unix.Connect(client, &unix.SockaddrUnix{Name: waiting}),
		unix.Sendmsg(client, []byte("x"), unix.UnixRights(listener), nil, 0))
	fmt.Println("tied:", tied)
}

func bound(path string) (int, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	return fd, errors.Join(err, unix.Bind(fd, &unix.SockaddrUnix{Name: path}))
}

// reach fills the backlog of a listener that has none.
func reach(path string) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	return errors.Join(err, unix.Connect(fd, &unix.SockaddrUnix{Name: path}))
}

// reserve asks for space on the disk without writing to it, in the two ways there are.
func reserve(args []string) {
	fd, err := unix.Open(args[0], unix.O_RDWR|unix.O_CREAT|unix.O_CLOEXEC, 0o600)
	if err != nil {
		tried("open", err)
		return
	}
	const size = 64 << 20
	tried("fallocate", unix.Fallocate(fd, 0, 0, size))
	space := struct { // struct space_resv of linux/falloc.h
		kind, whence  int16
		start, length int64
		_             [6]uint32
	}{length: size}
	for name, request := range map[string]uintptr{"RESVSP": 0x40305828, "RESVSP64": 0x4030582a, "ZERO_RANGE": 0x40305839} {
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(unsafe.Pointer(&space)))
		if errno != 0 {
			tried(name, errno)
		} else {
			tried(name, nil)
		}
	}
}
