package reexec

import "testing"

func TestOwnPages(t *testing.T) {
	for line, want := range map[string]bool{
		"00400000-00c00000 r-xp 00000000 08:01 123 /usr/bin/exeat":            true,
		"00c00000-01400000 r--p 00800000 08:01 123 /usr/bin/exeat (deleted)":  true,
		"01400000-01500000 rw-p 01000000 08:01 123 /usr/bin/exeat":            false, // data
		"7f0000000000-7f0000010000 rw-s 00000000 08:01 9 /state/exeat.db-shm": false,
		"7f0000000000-7f0000010000 r--s 00000000 08:01 9 /state/exeat.db":     false,
		"7ffd00000000-7ffd00002000 r-xp 00000000 00:00 0 [vdso]":              false,
		"c000000000-c000400000 rw-p 00000000 00:00 0":                         false,
		"":                                 false,
		"x-y r-xp 00000000 08:01 123 /bin": false,
	} {
		if start, end, ok := ownPages(line); ok != want || ok && start >= end {
			t.Errorf("%q: got %x-%x %v", line, start, end, ok)
		}
	}
}

// What was given back is there again when it is used: this very test.
func TestTrim(t *testing.T) {
	for range 3 {
		if err := Trim(); err != nil {
			t.Fatal(err)
		}
	}
}
