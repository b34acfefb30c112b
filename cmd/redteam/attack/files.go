package main

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// files tries to change a file that is only there to be read.
func files(args []string) {
	_ = os.WriteFile("mine", []byte("mine"), 0o644)
	for _, path := range args {
		tried("truncate "+path, unix.Truncate(path, 0))
		for name, flags := range map[string]int{"O_WRONLY": unix.O_WRONLY, "O_RDWR": unix.O_RDWR, "O_RDONLY|O_TRUNC": unix.O_RDONLY | unix.O_TRUNC, "O_APPEND": unix.O_WRONLY | unix.O_APPEND} {
			tried("open "+name+" "+path, opens(path, flags))
		}
		tried("chmod "+path, unix.Chmod(path, 0o666))
		tried("chown "+path, unix.Lchown(path, os.Getuid(), os.Getgid()))
		tried("utimes "+path, unix.Utimes(path, make([]unix.Timeval, 2)))
		tried("setxattr "+path, unix.Setxattr(path, "user.x", []byte("x"), 0))
		tried("unlink "+path, unix.Unlink(path))
		tried("rename "+path, unix.Rename(path, path+".old"))
		tried("replace "+path, unix.Rename("mine", path))
		tried("link into "+filepath.Dir(path), unix.Link("mine", path+".link"))
		tried("symlink into "+filepath.Dir(path), unix.Symlink("mine", path+".symlink"))
		tried("link out "+path, unix.Link(path, "linked"))
		byDescriptor(path)
	}
}

// byDescriptor asks the file system itself to change a file opened for reading.
func byDescriptor(path string) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	tried("ftruncate "+path, unix.Ftruncate(fd, 0))
	tried("fallocate "+path, unix.Fallocate(fd, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, 0, 1))
	tried("FICLONE "+path, unix.IoctlFileClone(fd, fd))
	tried("FS_IOC_SETFLAGS "+path, unix.IoctlSetPointerInt(fd, unix.FS_IOC_SETFLAGS, 0x10))
	_, err = unix.Mmap(fd, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	tried("a shared writable mapping of "+path, err)
	tried("/proc/self/fd "+path, opens(fmt.Sprintf("/proc/self/fd/%d", fd), unix.O_RDWR))
}

// reopen tries to turn a descriptor that may do nothing into one that may write.
func reopen(args []string) {
	fd, err := unix.Open(args[0], unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		tried("O_PATH", err)
		return
	}
	link := fmt.Sprintf("/proc/self/fd/%d", fd)
	tried("O_RDWR of the link", opens(link, unix.O_RDWR))
	tried("truncate the link", unix.Truncate(link, 0))
	tried("AT_EMPTY_PATH linkat", unix.Linkat(fd, "", unix.AT_FDCWD, "linked", unix.AT_EMPTY_PATH))
	tried("link of the link", unix.Linkat(unix.AT_FDCWD, link, unix.AT_FDCWD, "linked", unix.AT_SYMLINK_FOLLOW))
	tried("fchmodat2", unix.Fchmodat(fd, "", 0o666, unix.AT_EMPTY_PATH))
}

// handles opens files by number, where no path leads: inode 2 is the root of
// most file systems (CVE-2014-6407, the way out of early Docker).
func handles(args []string) {
	handle, mount, err := unix.NameToHandleAt(unix.AT_FDCWD, args[0], 0)
	if err == nil {
		fmt.Printf("a handle of %s on mount %d\n", args[0], mount)
	} else {
		handle = unix.NewFileHandle(1, []byte{2, 0, 0, 0, 0, 0, 0, 0})
	}
	at, err := unix.Open(args[0], unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		at = unix.AT_FDCWD
	}
	_, err = unix.OpenByHandleAt(at, handle, unix.O_RDONLY)
	tried("the same by handle", err)
	_, err = unix.OpenByHandleAt(at, unix.NewFileHandle(1, []byte{2, 0, 0, 0, 0, 0, 0, 0}), unix.O_RDONLY)
	tried("the root of the disk by handle", err)
}

// devices tries to make nodes that lead to the machine.
func devices(args []string) {
	for _, dir := range args {
		for name, d := range map[string]struct {
			mode uint32
			dev  uint64
		}{
			"sda": {unix.S_IFBLK, unix.Mkdev(8, 0)}, "vda": {unix.S_IFBLK, unix.Mkdev(254, 0)}, "mem": {unix.S_IFCHR, unix.Mkdev(1, 1)},
			"kmsg": {unix.S_IFCHR, unix.Mkdev(1, 11)}, "tty1": {unix.S_IFCHR, unix.Mkdev(4, 1)}, "tun": {unix.S_IFCHR, unix.Mkdev(10, 200)},
		} {
			tried("mknod "+filepath.Join(dir, name), unix.Mknod(filepath.Join(dir, name), d.mode|0o666, int(d.dev)))
		}
	}
	for _, name := range []string{
		"/dev/mem", "/dev/kmem", "/dev/kmsg", "/dev/port", "/dev/sda", "/dev/vda", "/dev/nvme0n1", "/dev/dm-0", "/dev/loop0", "/dev/loop-control", "/dev/fuse", "/dev/kvm", "/dev/net/tun",
		"/dev/vsock", "/dev/vhost-net", "/dev/userfaultfd", "/dev/uinput", "/dev/input/event0", "/dev/console", "/dev/tty0", "/dev/tty1", "/dev/snapshot", "/dev/mapper/control", "/dev/dri/card0",
		"/dev/hpet", "/dev/cuse", "/dev/autofs", "/dev/btrfs-control", "/dev/nullb0", "/dev/ptp0", "/dev/watchdog", "/dev/mqueue", "/dev/hugepages",
	} {
		tried("open "+name, opens(name, unix.O_RDWR))
	}
}

// write opens files for writing; where that works it says so and writes nothing.
func write(args []string) {
	for _, path := range args {
		tried("open for writing "+path, opens(path, unix.O_WRONLY))
	}
}

// read tries to get a byte out of files.
func read(args []string) {
	for _, path := range args {
		tried("read "+path, readable(path))
	}
}

// connectUnix connects to sockets by path, or by name where it begins with @,
// and sends a datagram where it is of that kind.
func connectUnix(args []string) {
	for _, path := range args {
		for name, kind := range map[string]int{"stream": unix.SOCK_STREAM, "packets": unix.SOCK_SEQPACKET, "datagram": unix.SOCK_DGRAM} {
			fd, err := unix.Socket(unix.AF_UNIX, kind|unix.SOCK_CLOEXEC, 0)
			if err != nil {
				tried(name, err)
				continue
			}
			tried("connect "+name+" "+path, unix.Connect(fd, &unix.SockaddrUnix{Name: path}))
			if kind == unix.SOCK_DGRAM {
				tried("send "+name+" "+path, unix.Sendto(fd, []byte("x"), 0, &unix.SockaddrUnix{Name: path}))
			}
			unix.Close(fd)
		}
	}
}
