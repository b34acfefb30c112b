package reexec

import (
	"strings"
	"testing"
)

func TestClean(t *testing.T) {
	for mapping, want := range map[string]int{
		"00400000-00c00000 r-xp 00000000 08:01 123 /usr/bin/exeat\nRss: 4 kB\nAnonymous:             0 kB\n":    1,
		"00c00000-01400000 r--p 00800000 08:01 123 /usr/bin/exeat (deleted)\nAnonymous: 0 kB\nVmFlags: rd mr\n": 1,
		"00c00000-01400000 r--p 00800000 08:01 123 /usr/bin/exeat\nAnonymous:             8 kB\n":               0, // relocated
		"01400000-01500000 rw-p 01000000 08:01 123 /usr/bin/exeat\nAnonymous:             0 kB\n":               0, // data
		"7f0000000000-7f0000010000 rw-s 00000000 08:01 9 /state/exeat.db-shm\nAnonymous:             0 kB\n":    0,
		"7ffd00000000-7ffd00002000 r-xp 00000000 00:00 0 [vdso]\nAnonymous:             0 kB\n":                 0,
		"c000000000-c000400000 rw-p 00000000 00:00 0\nAnonymous:             4 kB\n":                            0,
		"x-y r-xp 00000000 08:01 123 /bin\nAnonymous:             0 kB\n":                                       0,
		"Anonymous:             0 kB\n": 0,
		"1-2 r-xp 0 08:01 1 /a\nAnonymous: 0 kB\n3-4 rw-p 0 08:01 1 /a\nAnonymous: 0 kB\n5-6 r--p 0 08:01 1 /a\nAnonymous: 0 kB\n": 2,
	} {
		all, err := clean(strings.NewReader(mapping))
		if err != nil || len(all) != want {
			t.Errorf("%q: got %v, %v, want %d", mapping, all, err, want)
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
