package confine

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// userNamespaceLimit is per user namespace: ours, and those made in it.
const userNamespaceLimit = "/proc/sys/user/max_user_namespaces"

// forbidUserNamespaces switches them off inside: in one of its own a program
// would have capabilities, and with them most of the kernel's attack surface.
// (The mount namespace limit must stay: open_tree makes an anonymous one.)
func forbidUserNamespaces() (limit string, err error) {
	if err := os.WriteFile(userNamespaceLimit, []byte("0"), 0); err != nil {
		return "", err
	}
	b, err := os.ReadFile(userNamespaceLimit)
	if limit = strings.TrimSpace(string(b)); err == nil && limit != "0" {
		err = fmt.Errorf("%s is %q, not 0", userNamespaceLimit, limit)
	}
	return limit, err
}

// hardenProc makes read-only what can be written for the whole host, and masks
// what shows its memory, keys and timers.
func hardenProc() error {
	for _, p := range []string{"/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs"} {
		if err := freeze(p); err != nil && !missing(err) {
			return fmt.Errorf("make %s read-only: %w", p, err)
		}
	}
	for _, p := range []string{
		"/proc/kcore", "/proc/keys", "/proc/key-users", "/proc/timer_list", "/proc/kallsyms", "/proc/config.gz", "/proc/acpi",
		"/proc/asound", "/proc/scsi", "/proc/sched_debug", "/proc/latency_stats",
	} {
		if err := mask(p); err != nil {
			return fmt.Errorf("mask %s: %w", p, err)
		}
	}
	return nil
}

// freeze binds p over itself, read-only.
func freeze(p string) error {
	tree, err := copyTree(unix.AT_FDCWD, p)
	if err != nil {
		return err
	}
	defer tree.Close()
	if err := setAttrs(tree, attrs|unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOEXEC); err != nil {
		return err
	}
	return attach(tree, unix.AT_FDCWD, p)
}
