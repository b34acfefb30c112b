package confine

import (
	"encoding/binary"
	"testing"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// observed holds some calls more, always or by their flags.
var observed = choice{hold: []Hold{{Number: unix.SYS_OPENAT, Arg: 2, Mask: unix.O_WRONLY | unix.O_RDWR}, {Number: unix.SYS_MKDIRAT}}}

// slow decides as the rules are written, one after the other.
func slow(arch, number uint32, args [6]uint64) uint32 {
	if arch != auditArch {
		return kill
	}
	if number > lastReviewed {
		return refuse | uint32(unix.ENOSYS)
	}
	for _, r := range rules(observed) {
		if r.number == number && holds(r.tests, args) {
			return r.answer
		}
	}
	return allow
}

func holds(tests []test, args [6]uint64) bool {
	for _, t := range tests {
		v := uint32(args[t.arg])
		if t.mask != 0 {
			v &= t.mask
		}
		if (v == t.val) == t.not {
			return false
		}
	}
	return true
}

// FuzzFilter runs the assembled program beside its slow twin: a jump that is
// off by one would let something through.
func FuzzFilter(f *testing.F) {
	raw, err := program(rules(observed))
	if err != nil {
		f.Fatal(err)
	}
	if len(raw) > 4096 { // BPF_MAXINSNS
		f.Fatalf("%d instructions", len(raw))
	}
	var code []bpf.Instruction
	for _, r := range raw {
		code = append(code, r.Disassemble())
	}
	vm, err := bpf.NewVM(code)
	if err != nil {
		f.Fatal(err)
	}
	for _, r := range rules(observed) {
		var args [6]uint64
		for _, t := range r.tests {
			args[t.arg] = uint64(t.val)
		}
		f.Add(uint32(auditArch), r.number, args[0], args[1], args[2], args[3])
		f.Add(uint32(auditArch), r.number, args[0]|1<<32, args[1]|1<<40, args[2]|1<<63, args[3]|1<<33)
	}
	f.Add(uint32(0), uint32(0), uint64(0), uint64(0), uint64(0), uint64(0))
	f.Add(uint32(auditArch), uint32(0x40000000), uint64(0), uint64(0), uint64(0), uint64(0))
	f.Fuzz(func(t *testing.T, arch, number uint32, a, b, c, d uint64) {
		args := [6]uint64{a, b, c, d}
		got, err := vm.Run(data(arch, number, args))
		if err != nil {
			t.Fatal(err)
		}
		if want := slow(arch, number, args); uint32(got) != want {
			t.Errorf("arch %#x, call %d, %#x: got %#x, want %#x", arch, number, args, got, want)
		}
	})
}

// data is struct seccomp_data as the VM reads it, which is big-endian; the low
// half of an argument is where it is on the little-endian machines we build for.
func data(arch, number uint32, args [6]uint64) []byte {
	b := make([]byte, 64)
	binary.BigEndian.PutUint32(b[offNumber:], number)
	binary.BigEndian.PutUint32(b[offArch:], arch)
	for i, a := range args {
		binary.BigEndian.PutUint32(b[offArgs+8*i:], uint32(a))
		binary.BigEndian.PutUint32(b[offArgs+8*i+4:], uint32(a>>32))
	}
	return b
}

// FuzzNamed reads the first line of hostile files: one word comes out, and no
// line break that would make two lines of an error.
func FuzzNamed(f *testing.F) {
	for _, seed := range []string{"#!/bin/sh", "#! /usr/bin/env python3\n", "#!", "#!\n", "\x7fELF", ""} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, head []byte) {
		got := named(head)
		if got == "" {
			t.Error("nothing came out")
		}
		if got != noName && len(got) > len(head) {
			t.Errorf("%q is more than was there", got)
		}
		for _, r := range []byte(got) {
			if r == '\n' || (r == ' ' && got != noName) {
				t.Errorf("got %q", got)
			}
		}
	})
}
