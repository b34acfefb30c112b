package world

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Role runs the world's first process when this binary was started as one; it
// does not return then. It comes first in main and in TestMain.
func Role() {
	if len(os.Args) != 4 || os.Args[1] != role {
		return
	}
	code, err := first(os.Args[2], os.Args[3])
	if err != nil {
		fmt.Fprintln(os.Stderr, "error: make a world:", err)
		code = 125
	}
	os.Exit(code)
}

// first sets the world up, runs the program, and reaps until it ends: the
// supervisors of sandboxes are orphans by design and land here.
func first(dir, config string) (int, error) {
	var c Config
	if err := json.Unmarshal([]byte(config), &c); err != nil {
		return 0, err
	}
	if err := mounts(dir); err != nil {
		return 0, err
	}
	if err := loopback(c.Hosts, c.Own); err != nil {
		return 0, err
	}
	if err := giveUp(); err != nil {
		return 0, err
	}
	program := exec.Command(filepath.Join(dir, "self"), c.Args...)
	program.Stdin, program.Stdout, program.Stderr = os.Stdin, os.Stdout, os.Stderr
	program.Dir = dir
	if err := program.Start(); err != nil {
		return 0, err
	}
	return reap(program.Process.Pid)
}

// giveUp clears the ambient capabilities, so that the program is the ordinary
// user it claims to be; the stand-ins may use port 443 all the same.
func giveUp() error {
	const ports = "/proc/sys/net/ipv4/ip_unprivileged_port_start" // ip(7)
	if err := os.WriteFile(ports, []byte("0"), 0); err != nil {
		return fmt.Errorf("allow low ports: %w", err)
	}
	runtime.LockOSThread() // the ambient set is the thread's, and this thread forks the program
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return fmt.Errorf("give up ambient capabilities: %w", err)
	}
	return nil
}

func reap(pid int) (int, error) {
	for {
		var status unix.WaitStatus
		got, err := unix.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return 0, fmt.Errorf("wait for the program: %w", err)
		case got == pid && status.Signaled():
			return 128 + int(status.Signal()), nil
		case got == pid:
			return status.ExitStatus(), nil
		}
	}
}

// bundles are the places where distributions keep the certificate roots.
var bundles = []string{
	"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem",
}

func mounts(dir string) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount /proc (a container that masks it forbids this): %w", err)
	}
	binds := map[string]string{"/etc/hosts": "hosts", "/etc/resolv.conf": "resolv.conf"}
	for _, bundle := range bundles {
		binds[bundle] = "bundle.pem"
	}
	done := map[string]bool{}
	for over, name := range binds {
		target, err := filepath.EvalSymlinks(over)
		if err != nil || done[target] {
			continue // not on this distribution
		}
		done[target] = true
		if err := unix.Mount(filepath.Join(dir, "etc", name), target, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("bind %s: %w", over, err)
		}
	}
	return nil
}

// loopback brings lo up and routes the address of every host to it. They are no addresses of lo: what belongs to an
// interface of this machine no sandbox reaches, and the hosts are to be somewhere else. One of lo's own it gets too.
func loopback(hosts map[string]string, own string) error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("find lo: %w", err)
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		return fmt.Errorf("bring lo up: %w", err)
	}
	if ip := net.ParseIP(own); ip != nil {
		if err := netlink.AddrAdd(lo, &netlink.Addr{IPNet: &net.IPNet{IP: ip, Mask: net.CIDRMask(32, 32)}}); err != nil {
			return fmt.Errorf("add %s to lo: %w", own, err)
		}
	}
	added := map[string]bool{}
	for _, address := range hosts {
		ip := net.ParseIP(address).To4()
		if ip == nil || added[address] {
			continue
		}
		added[address] = true
		if err := netlink.RouteAdd(toHost(lo, ip)); err != nil {
			return fmt.Errorf("route %s to lo: %w", address, err)
		}
	}
	return nil
}

// toHost is a route of type local: servers bind its address, which no interface has (ip-route(8)).
func toHost(lo netlink.Link, ip net.IP) *netlink.Route {
	return &netlink.Route{
		LinkIndex: lo.Attrs().Index, Dst: &net.IPNet{IP: ip, Mask: net.CIDRMask(32, 32)},
		Type: unix.RTN_LOCAL, Table: unix.RT_TABLE_LOCAL, Scope: netlink.SCOPE_HOST,
	}
}
