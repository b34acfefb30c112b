package ask

import (
	"testing"

	"golang.org/x/sys/unix"
)

// TestDeviceIs tells our terminal from one of the same number in a sandbox.
func TestDeviceIs(t *testing.T) {
	number := unix.Mkdev(firstSlave, 0)
	for _, tc := range []struct {
		name string
		ours device
		st   unix.Stat_t
		want bool
	}{
		{"ours", device{number, 7}, unix.Stat_t{Mode: unix.S_IFCHR, Rdev: number, Dev: 7}, true},
		{"the same number in a sandbox's own devpts", device{number, 7}, unix.Stat_t{Mode: unix.S_IFCHR, Rdev: number, Dev: 8}, false},
		{"an instance we could not find", device{number, 0}, unix.Stat_t{Mode: unix.S_IFCHR, Rdev: number, Dev: 8}, true},
		{"another terminal", device{number, 7}, unix.Stat_t{Mode: unix.S_IFCHR, Rdev: number + 1, Dev: 7}, false},
		{"a file", device{number, 7}, unix.Stat_t{Mode: unix.S_IFREG, Rdev: number, Dev: 7}, false},
	} {
		if got := tc.ours.is(tc.st); got != tc.want {
			t.Errorf("%s: got %v, want %v", tc.name, got, tc.want)
		}
	}
}
