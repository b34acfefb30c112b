package confine_test

import "golang.org/x/sys/unix"

// compat has no second system call table to reach from 64-bit code here, so it
// dies as the filter would make it.
func compat() int {
	unix.Kill(unix.Getpid(), unix.SIGSYS)
	return 0
}
