package observe

import "golang.org/x/sys/unix"

// older are the calls that newer architectures have not; renameat is still here.
func older(uint32) []Call {
	return []Call{{Number: unix.SYS_RENAMEAT, operation: "rename", paths: []argument{{0, 1}, {2, 3}}, creates: true}}
}
