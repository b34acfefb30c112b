package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// patience bounds a try: what hangs has not succeeded.
const patience = 3 * time.Second

// families tries every kind of socket that goes by another way than TCP.
func families([]string) {
	for family := 0; family <= 46; family++ {
		for name, kind := range map[string]int{"stream": unix.SOCK_STREAM, "datagram": unix.SOCK_DGRAM, "raw": unix.SOCK_RAW, "packets": unix.SOCK_SEQPACKET} {
			for _, protocol := range []int{0, unix.IPPROTO_ICMP, unix.IPPROTO_SCTP, 262, 136} {
				if ordinary(family, kind, protocol) {
					continue
				}
				fd, err := unix.Socket(family, kind|unix.SOCK_CLOEXEC, protocol)
				if err == nil {
					unix.Close(fd)
					fmt.Printf("family %d %s protocol %d: SUCCEEDED\n", family, name, protocol)
				}
			}
		}
	}
	for _, family := range []int{unix.AF_INET, unix.AF_TIPC, unix.AF_NETLINK} {
		_, err := unix.Socketpair(family, unix.SOCK_STREAM, 0)
		tried(fmt.Sprintf("a pair of family %d", family), err)
	}
	for protocol := 1; protocol < 32; protocol++ { // 0 is NETLINK_ROUTE
		if _, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW, protocol); err == nil {
			fmt.Printf("netlink %d: SUCCEEDED\n", protocol)
		}
	}
	fmt.Println("families tried")
}

// ordinary are the sockets that every program needs.
func ordinary(family, kind, protocol int) bool {
	switch family {
	case unix.AF_UNIX:
		return true // without a protocol, whatever is asked
	case unix.AF_INET, unix.AF_INET6:
		return protocol == 0 && (kind == unix.SOCK_STREAM || kind == unix.SOCK_DGRAM)
	case unix.AF_NETLINK:
		return protocol == 0
	}
	return false
}

// impersonate tries to take the ports of the supervisor, to be asked in its place.
func impersonate([]string) {
	for _, option := range []int{unix.SO_REUSEADDR, unix.SO_REUSEPORT} {
		for _, port := range []int{53, 3128, 15001} {
			for name, at := range map[string]unix.Sockaddr{
				"127.0.0.1": &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}, "0.0.0.0": &unix.SockaddrInet4{Port: port},
			} {
				take(name, port, option, unix.SOCK_STREAM, at)
			}
		}
		take("127.0.0.1 UDP", 53, option, unix.SOCK_DGRAM, &unix.SockaddrInet4{Port: 53, Addr: [4]byte{127, 0, 0, 1}})
	}
}

func take(name string, port, option, kind int, at unix.Sockaddr) {
	fd, err := unix.Socket(unix.AF_INET, kind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		tried("socket", err)
		return
	}
	defer unix.Close(fd)
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, option, 1)
	if err = unix.Bind(fd, at); err == nil && kind == unix.SOCK_STREAM {
		err = unix.Listen(fd, 1)
	}
	tried(fmt.Sprintf("take %s:%d", name, port), err)
}

// route tries to change the network itself: a message of type RTM_NEWROUTE,
// RTM_NEWLINK or RTM_NEWADDR, and wants the kernel's EPERM (rtnetlink(7)).
func route([]string) {
	for name, kind := range map[string]uint16{"RTM_NEWROUTE": unix.RTM_NEWROUTE, "RTM_NEWLINK": unix.RTM_NEWLINK, "RTM_NEWADDR": unix.RTM_NEWADDR, "RTM_DELROUTE": unix.RTM_DELROUTE} {
		tried(name, ask(kind))
	}
}

func ask(kind uint16) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	message := make([]byte, 16+32)
	message[0], message[4], message[5], message[6] = byte(len(message)), byte(kind), byte(kind>>8), unix.NLM_F_REQUEST|unix.NLM_F_ACK
	if err := unix.Sendto(fd, message, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	answer := make([]byte, 256)
	n, _, err := unix.Recvfrom(fd, answer, 0)
	if err != nil || n < 20 {
		return err
	}
	code := -int32(uint32(answer[16]) | uint32(answer[17])<<8 | uint32(answer[18])<<16 | uint32(answer[19])<<24)
	return nonzero(unix.Errno(code))
}

// udp sends to each address, connected and not, and wants to hear of it at once.
func udp(args []string) {
	for _, address := range args {
		started := time.Now()
		c, err := net.Dial("udp", address)
		if err == nil {
			_, err = c.Write([]byte("stolen"))
		}
		if err == nil {
			_ = c.SetReadDeadline(time.Now().Add(patience))
			_, err = c.Read(make([]byte, 512))
		}
		tried("connected to "+address, err)
		loose(address)
		if took := time.Since(started); took > time.Second {
			fmt.Printf("%s: SILENT for %s\n", address, took)
		}
	}
}

// loose sends without connect(2), which nobody is told of.
func loose(address string) {
	to, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		tried("address "+address, err)
		return
	}
	c, err := net.ListenUDP("udp", nil)
	if err != nil {
		tried("socket", err)
		return
	}
	defer c.Close()
	_, err = c.WriteToUDP([]byte("stolen"), to)
	fmt.Printf("unconnected to %s: sent into the sandbox's own network (%v)\n", address, err)
}

// get fetches URLs as a program that has never heard of a proxy.
func get(args []string) {
	client := http.Client{Timeout: patience, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // an attacker does not care
	for _, url := range args {
		method, url, ok := strings.Cut(url, " ")
		if !ok {
			method, url = http.MethodGet, method
		}
		request, err := http.NewRequest(method, url, http.NoBody)
		if err != nil {
			tried(url, err)
			continue
		}
		answer, err := client.Do(request)
		if err != nil {
			fmt.Printf("%s: no answer: %v\n", url, err)
			continue
		}
		body, _ := io.ReadAll(io.LimitReader(answer.Body, 4096))
		answer.Body.Close()
		fmt.Printf("%s: status %d %s\n", url, answer.StatusCode, body)
	}
}

// raw connects and speaks what it is told to, and prints what it is told.
func raw(args []string) {
	for _, address := range args {
		c, err := net.DialTimeout("tcp", address, patience)
		if err != nil {
			tried("connect "+address, err)
			continue
		}
		host, _, _ := net.SplitHostPort(address)
		speak(c, host)
		c.Close()
	}
}

func speak(c net.Conn, host string) {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	_ = c.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", host)
	answer, err := io.ReadAll(io.LimitReader(c, 4096))
	if len(answer) > 0 {
		first, _, _ := strings.Cut(string(answer), "\r\n")
		fmt.Printf("%s: answered %q\n", c.RemoteAddr(), first)
		return
	}
	fmt.Printf("%s: no answer (%v)\n", c.RemoteAddr(), err)
}

// useFile speaks on a connection that somebody else has opened.
func useFile([]string) {
	c, err := net.FileConn(os.NewFile(3, "inherited"))
	if err != nil {
		tried("descriptor 3", err)
		return
	}
	speak(c, "a.example.com")
}
