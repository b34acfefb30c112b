package identity_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// play runs one role and says on stdout what has been reached, one line each.
func play(role string) int {
	roles := map[string]func(args []string) error{
		"init":     playInit,
		"connect":  playConnect,
		"block":    func([]string) error { return block("blocked") },
		"brief":    func(a []string) error { return report(connectTo(a[0])) },
		"exec":     playExec,
		"fork":     playFork,
		"queue":    playQueue,
		"dumpable": playDumpable,
		"thread":   playThread,
		"deleted":  playDeleted,
		"memory":   playMemory,
		"nest":     playNest,
		"share":    playShare,
		"again":    playAgain,
		"finish":   playFinish,
		"mapped":   playMapped,
		"others":   playOthers,
		"time":     playTime,
		"map":      playMap,
		"later":    playLater,
		"both":     playBoth,
		"parents":  playParents,
		"leave":    playLeave,
		"killed":   playKilled,
		"orphan":   playOrphan,
		"forks":    playForks,
		"nothing":  func([]string) error { return nil },
		"swap":     playSwap,
		"full":     playFull,
	}
	if err := roles[role](os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stdout, "failed", role, err)
		return 1
	}
	return 0
}

func report(err error) error {
	if err == nil {
		fmt.Println("connected")
	}
	return err
}

// block says a line and stays until it is killed. It waits in the kernel: a
// lone goroutine that waits for nothing is a deadlock to the Go runtime, which
// ends the process, and with it the ancestors a test is about.
func block(line string) error {
	fmt.Println(line)
	for {
		if err := unix.Pause(); err != unix.EINTR {
			return err
		}
	}
}

func playConnect(a []string) error {
	if err := connectTo(a[0]); err != nil {
		return err
	}
	return block("connected")
}

// connectTo connects a socket that stays open.
func connectTo(address string) error {
	_, err := dial(address)
	return err
}

func dial(address string) (int, error) {
	to := netip.MustParseAddrPort(address)
	domain := unix.AF_INET
	if to.Addr().Is6() {
		domain = unix.AF_INET6
	}
	fd, err := unix.Socket(domain, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	return fd, unix.Connect(fd, socketAddress(to))
}

func socketAddress(a netip.AddrPort) unix.Sockaddr {
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
	}
	return &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}
}

// playExec connects, then becomes another program that keeps the socket.
func playExec(a []string) error {
	fd, err := dial(a[0])
	if err != nil {
		return err
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETFD, 0); err != nil {
		return err
	}
	return become(a[1], "block", a[1])
}

// playFork connects, leaves the socket to a child and ends.
func playFork(a []string) error {
	fd, err := dial(a[0])
	if err != nil {
		return err
	}
	c := command(a[1], "block")
	c.ExtraFiles = []*os.File{os.NewFile(uintptr(fd), "socket")}
	return c.Start()
}

// playQueue hides its own reference in a socket's queue: another program is the only visible holder.
func playQueue(a []string) error {
	fd, err := dial(a[0])
	if err != nil {
		return err
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	if err := unix.Sendmsg(pair[0], []byte{0}, unix.UnixRights(fd), nil, 0); err != nil {
		return err
	}
	c := command(a[1], "block")
	f := os.NewFile(uintptr(fd), "socket")
	c.ExtraFiles = []*os.File{f}
	if err := c.Start(); err != nil {
		return err
	}
	f.Close()
	return block("hidden")
}

func playDumpable(a []string) error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return err
	}
	return playConnect(a)
}

// playThread connects from a thread that is not the process's first, with descriptors of its own.
func playThread(a []string) error {
	done := make(chan error)
	runtime.LockOSThread()
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() == os.Getpid() {
			done <- fmt.Errorf("on the first thread")
			return
		}
		if err := unix.Unshare(unix.CLONE_FILES); err != nil {
			done <- err
			return
		}
		done <- connectTo(a[0])
		select {}
	}()
	if err := <-done; err != nil {
		return err
	}
	return block("connected")
}

func playDeleted(a []string) error {
	if err := os.Remove(os.Args[0]); err != nil {
		return err
	}
	return playConnect(a)
}

func playMemory(a []string) error {
	fd, err := unix.MemfdCreate("git", 0)
	if err != nil {
		return err
	}
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		return err
	}
	if _, err := unix.Write(fd, self); err != nil {
		return err
	}
	return become("/proc/self/fd/"+strconv.Itoa(fd), "connect", "git", a[0])
}

// become executes another program in place of this one.
func become(path, role string, argv ...string) error {
	if err := os.Setenv(roleVariable, role); err != nil {
		return err
	}
	return syscall.Exec(path, argv, os.Environ())
}

// playNest starts the programs below one another; the last one connects to the first argument, or
// measures that many connects.
func playNest(a []string) error {
	if len(a) == 1 && strings.Contains(a[0], ":") {
		return playConnect(a)
	}
	if len(a) == 1 {
		return playTime(a)
	}
	return command(a[1], "nest", append([]string{a[0]}, a[2:]...)...).Run()
}

// playShare fails to connect, then leaves the socket to another program, which succeeds.
func playShare(a []string) error {
	fd, err := dial("127.0.0.1:1")
	if err != unix.ECONNREFUSED {
		return fmt.Errorf("first connect: %v", err)
	}
	c := command(a[1], "finish", a[0])
	c.ExtraFiles = []*os.File{os.NewFile(uintptr(fd), "socket")}
	return c.Run()
}

func playFinish(a []string) error {
	if err := unix.Connect(3, socketAddress(netip.MustParseAddrPort(a[0]))); err != nil {
		return err
	}
	return block("connected")
}

// playAgain connects the socket whose first connect failed.
func playAgain(a []string) error {
	fd, err := dial("127.0.0.1:1")
	if err != unix.ECONNREFUSED {
		return fmt.Errorf("first connect: %v", err)
	}
	if err := unix.Connect(fd, socketAddress(netip.MustParseAddrPort(a[0]))); err != nil {
		return err
	}
	return block("connected")
}

func playMapped(a []string) error {
	to := netip.MustParseAddrPort(a[0])
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	if err := unix.Connect(fd, &unix.SockaddrInet6{Port: int(to.Port()), Addr: to.Addr().As16()}); err != nil {
		return err
	}
	return block("connected")
}

// playOthers calls connect on what is no TCP socket, and on what is no socket.
func playOthers(a []string) error {
	to := socketAddress(netip.MustParseAddrPort(a[0]))
	udp, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	if err := unix.Connect(udp, to); err != nil {
		return err
	}
	local, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	if err := unix.Connect(local, &unix.SockaddrUnix{Name: "/nowhere"}); err != unix.EACCES { // nobody handles it
		return fmt.Errorf("unix socket: %v", err)
	}
	if err := unix.Connect(999, to); err != unix.EBADF {
		return fmt.Errorf("closed descriptor: %v", err)
	}
	return block("tried")
}

// playTime prints the median time of a connect that is refused at once, in nanoseconds.
func playTime(a []string) error {
	runtime.LockOSThread() // most programs connect from their first thread
	count, err := strconv.Atoi(a[0])
	if err != nil {
		return err
	}
	times := make([]time.Duration, 0, count)
	for range count {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		start := time.Now()
		err = unix.Connect(fd, &unix.SockaddrInet4{Port: 1, Addr: [4]byte{127, 0, 0, 1}})
		times = append(times, time.Since(start))
		unix.Close(fd)
		if err != unix.ECONNREFUSED {
			return fmt.Errorf("connect: %v", err)
		}
		time.Sleep(200 * time.Microsecond) // programs do something with a connection
	}
	sort.Slice(times, func(i, j int) bool { return times[i] < times[j] })
	fmt.Println("median", times[count/2].Nanoseconds())
	return nil
}

// playSwap calls connect() on a TCP socket over and over, while another thread turns socket and address
// into those of a unix socket and back.
func playSwap(a []string) error {
	tcp, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	local, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	internet, path := rawAddress(unix.AF_INET, []byte{0, 1, 127, 0, 0, 1}), rawAddress(unix.AF_UNIX, []byte(a[0]))
	const fd = 100
	address := *internet
	over := make(chan struct{})
	go func() {
		for {
			select {
			case <-over:
				return
			default:
			}
			address = *internet
			_ = unix.Dup3(tcp, fd, unix.O_CLOEXEC)
			address = *path
			_ = unix.Dup3(local, fd, unix.O_CLOEXEC)
		}
	}()
	for until := time.Now().Add(time.Second); time.Now().Before(until); {
		unix.Syscall(unix.SYS_CONNECT, fd, uintptr(unsafe.Pointer(&address)), unsafe.Sizeof(address))
	}
	close(over)
	return block("tried")
}

// rawAddress is a struct sockaddr_storage.
func rawAddress(family uint16, rest []byte) *[110]byte {
	var raw [110]byte
	binary.NativeEndian.PutUint16(raw[:], family)
	copy(raw[2:], rest)
	return &raw
}

// playFull fills the backlog of a listener that never accepts, with connects that wait.
func playFull(a []string) error {
	listener, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	at := &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}
	if err := errors.Join(unix.Bind(listener, at), unix.Listen(listener, 0)); err != nil {
		return err
	}
	name, err := unix.Getsockname(listener)
	if err != nil {
		return err
	}
	limited := make(chan bool, 200)
	for range 200 {
		go func() {
			fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
			if err == nil && unix.Connect(fd, name) == unix.EAGAIN {
				limited <- true
			}
		}()
	}
	select {
	case <-limited:
	case <-time.After(5 * time.Second):
		return errors.New("no limit on connects that wait")
	}
	if err := connectTo(a[0]); err != nil {
		return fmt.Errorf("the network has no room: %w", err)
	}
	return block("limited")
}
