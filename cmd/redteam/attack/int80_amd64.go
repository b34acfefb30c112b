package main

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// int80 enters the kernel by the 32-bit door, on whose table number 310 is
// unshare; a filter that looks at numbers alone would let it pass.
func int80([]string) {
	code, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		tried("executable memory", err)
		return
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
	fmt.Println("int 0x80: SUCCEEDED")
}
