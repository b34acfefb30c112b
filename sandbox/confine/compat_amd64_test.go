package confine_test

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// compat makes a 32-bit system call (int 0x80). On that table number 310 is
// unshare; a filter that looks at numbers alone would let it pass.
func compat() int {
	code, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return 3
	}
	copy(code, []byte{
		0xbb, 0x00, 0x00, 0x00, 0x10, // mov $0x10000000, %ebx: CLONE_NEWUSER
		0xb8, 0x36, 0x01, 0x00, 0x00, // mov $310, %eax
		0xcd, 0x80, // int $0x80
		0xc3, // ret
	})
	entry := &code[0]
	function := &entry
	(*(*func())(unsafe.Pointer(&function)))()
	return 0
}
