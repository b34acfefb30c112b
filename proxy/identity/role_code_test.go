package identity_test

import (
	"fmt"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// playMap maps a file as dlopen(3) does, or as its second argument says, and connects.
func playMap(a []string) error {
	file, how := a[1], ""
	if len(a) > 2 {
		how = a[2]
	}
	fd, err := unix.Open(file, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if how == "memory" {
		fd, err = unix.MemfdCreate("library", unix.MFD_CLOEXEC)
		if err == nil {
			_, err = unix.Write(fd, make([]byte, os.Getpagesize()))
		}
	}
	if err != nil {
		return err
	}
	protection, flags := unix.PROT_READ|unix.PROT_EXEC, unix.MAP_PRIVATE
	switch how {
	case "data":
		protection = unix.PROT_READ
	case "anonymous":
		fd, flags = -1, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS
	}
	if _, err := unix.Mmap(fd, 0, os.Getpagesize(), protection, flags); err != nil {
		return err
	}
	if how == "deleted" {
		if err := os.Remove(file); err != nil {
			return err
		}
	}
	return playConnect(a)
}

// playLater connects so that nothing is sent before the first write (tcp(7), TCP_FASTOPEN_CONNECT), which another
// program makes.
func playLater(a []string) error {
	to := netip.MustParseAddrPort(a[0])
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_TCP, unix.TCP_FASTOPEN_CONNECT, 1); err != nil {
		return err
	}
	if err := unix.Connect(fd, socketAddress(to)); err != nil {
		return err
	}
	if state, err := unix.GetsockoptTCPInfo(fd, unix.SOL_TCP, unix.TCP_INFO); err != nil || state.State == 1 {
		return fmt.Errorf("connected at once, %v: the kernel puts nothing off", err)
	}
	if _, err := unix.Write(fd, []byte("first")); err != nil {
		return err
	}
	return block("connected")
}

// playBoth connects and stays, beside another program that has the socket too.
func playBoth(a []string) error {
	fd, err := dial(a[0])
	if err != nil {
		return err
	}
	c := command(a[1], "block")
	c.ExtraFiles = []*os.File{os.NewFile(uintptr(fd), "socket")}
	if err := c.Start(); err != nil {
		return err
	}
	return block("both")
}
