package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// handDown connects and runs another program with the connection as descriptor 3.
func handDown(args []string) {
	c, err := net.DialTimeout("tcp", args[0], patience)
	if err != nil {
		tried("connect", err)
		return
	}
	file, err := c.(*net.TCPConn).File()
	if err != nil {
		tried("descriptor", err)
		return
	}
	child := exec.Command(args[1], args[2:]...)
	child.ExtraFiles = []*os.File{file}
	child.Stdout, child.Stderr = os.Stdout, os.Stderr
	_ = child.Run()
}

// passOn connects, sends the connection through a socket, forgets it, and lets
// whoever receives it speak (SCM_RIGHTS, unix(7)).
func passOn(args []string) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		tried("socketpair", err)
		return
	}
	c, err := net.DialTimeout("tcp", args[0], patience)
	if err != nil {
		tried("connect", err)
		return
	}
	file, _ := c.(*net.TCPConn).File()
	if err := unix.Sendmsg(pair[0], []byte("x"), unix.UnixRights(int(file.Fd())), nil, 0); err != nil {
		tried("send", err)
		return
	}
	file.Close()
	c.Close()
	oob := make([]byte, 64)
	_, n, _, _, err := unix.Recvmsg(pair[1], make([]byte, 1), oob, 0)
	if err != nil {
		tried("receive", err)
		return
	}
	messages, _ := unix.ParseSocketControlMessage(oob[:n])
	fds, _ := unix.ParseUnixRights(&messages[0])
	got, err := net.FileConn(os.NewFile(uintptr(fds[0]), "passed"))
	if err != nil {
		tried("use", err)
		return
	}
	speak(got, "a.example.com")
}

// flood asks for ever new names, as fast as it can.
func flood(args []string) {
	count, _ := strconv.Atoi(args[0])
	c, err := net.Dial("udp", "127.0.0.1:53")
	if err != nil {
		tried("resolver", err)
		return
	}
	answered := 0
	for n := range count {
		name := fmt.Sprintf("n%d", n)
		question := append([]byte{byte(n >> 8), byte(n), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, byte(len(name))}, name...)
		question = append(question, 4, 'e', 'v', 'i', 'l', 0, 0, 1, 0, 1)
		_, _ = c.Write(question)
		_ = c.SetReadDeadline(time.Now().Add(patience))
		answer := make([]byte, 512)
		if size, err := c.Read(answer); err == nil && size > 7 && answer[3]&15 == 0 && answer[7] > 0 {
			answered++
		}
	}
	fmt.Printf("%d of %d names got an address\n", answered, count)
}

// crowd opens many connections that say nothing, holds them until the file appears, and counts them.
func crowd(args []string) {
	count, _ := strconv.Atoi(args[1])
	var held []net.Conn
	var mu sync.Mutex
	var wait sync.WaitGroup
	for range 16 {
		wait.Go(func() {
			for range count / 16 {
				if c, err := net.DialTimeout("tcp", args[0], patience); err == nil {
					mu.Lock()
					held = append(held, c)
					mu.Unlock()
				}
			}
		})
	}
	wait.Wait()
	fmt.Printf("%d connections\n", len(held))
	_ = os.WriteFile("crowded", nil, 0o644)
	for range 600 {
		if _, err := os.Stat("enough"); err == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// twice connects two sockets to the same place from one port, so that what is
// known of the first might be taken for the second.
func twice(args []string) {
	to, err := net.ResolveTCPAddr("tcp4", args[0])
	if err != nil {
		tried("resolve", err)
		return
	}
	at := &unix.SockaddrInet4{Port: to.Port}
	copy(at.Addr[:], to.IP.To4())
	for range 2 {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			tried("socket", err)
			return
		}
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
		_ = unix.Bind(fd, &unix.SockaddrInet4{Port: 40404})
		if err := unix.Connect(fd, at); err != nil {
			tried("connect", err)
			continue
		}
		c, err := net.FileConn(os.NewFile(uintptr(fd), "twin"))
		if err == nil {
			host, _, _ := net.SplitHostPort(args[0])
			speak(c, host)
		}
	}
}
