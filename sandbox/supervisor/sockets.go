package supervisor

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// refuseSockets refuses a view in which a program of the host has a socket, where
// the kernel gave no seccomp listener: then connects are not carried out by
// package sockets, and a read-only mount does not stop connect(2). It sees what
// is there now; what is bound later is named in docs/threat-model.md.
func (s *supervisor) refuseSockets(context.Context) error {
	if s.box.Notify != nil {
		return nil
	}
	if s.sandbox.Spec.Observe != "" {
		return &hintError{"this kernel has no seccomp notification, without which no file access can be observed", "leave --observe out"}
	}
	if s.sandbox.Spec.AllowSockets {
		return nil
	}
	bound, err := boundSockets()
	if err != nil {
		return err
	}
	for _, m := range s.view.mounts {
		if err := checkSockets(m.Target, m.Source, bound); err != nil {
			return err
		}
	}
	return nil
}

func checkSockets(named, dir string, bound []string) error {
	for _, path := range bound {
		real, err := filepath.EvalSymlinks(path)
		if err != nil || !within(real, dir) {
			continue // removed since, or of another mount namespace
		}
		return &hintError{
			fmt.Sprintf("refusing to mount %s: without seccomp notification, which this kernel does not give, the sandbox could connect to the socket %s of a program outside", named, path),
			"end that program (ss -lxp shows it), name a directory without its socket, or allow it: --allow-sockets",
		}
	}
	return nil
}

// boundSockets lists the paths of unix sockets as proc_net(5) shows them:
// "Num RefCount Protocol Flags Type St Inode Path".
func boundSockets() ([]string, error) {
	file, err := os.Open("/proc/net/unix")
	if err != nil {
		return nil, fmt.Errorf("read sockets: %w", err)
	}
	defer file.Close()
	var paths []string
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		// The path may contain blanks; nothing before it contains a slash.
		if i := strings.IndexByte(lines.Text(), '/'); i >= 0 && !strings.Contains(lines.Text()[:i], "@") {
			paths = append(paths, lines.Text()[i:])
		}
	}
	return paths, lines.Err()
}
