package supervisor

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// checkSockets refuses a mount in which a program of the host has a socket. A
// read-only mount does not stop connect(2), which would carry the sandbox out of
// its network: to an agent for keys, a database, a container engine. It sees
// what is there now; what is bound later is named in docs/threat-model.md.
func checkSockets(named, dir string) error {
	bound, err := boundSockets()
	if err != nil {
		return err
	}
	for _, path := range bound {
		real, err := filepath.EvalSymlinks(path)
		if err != nil || !within(real, dir) {
			continue // removed since, or of another mount namespace
		}
		return &hintError{
			fmt.Sprintf("refusing to mount %s: a program outside the sandbox has the socket %s in it, and the sandbox could connect to that", named, path),
			"end that program (ss -lxp shows it), or name a directory without its socket",
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
