package netns_test

import (
	"net/netip"
	"testing"

	"exeat/sandbox/netns"
)

// What a program of the sandbox can listen at is told from what is ours.
func TestLocal(t *testing.T) {
	for to, want := range map[string]bool{
		"127.0.0.1:8080": true, "127.0.0.2:3128": true, "0.0.0.0:80": true, "100.64.0.2:443": true,
		"[::1]:8080": true, "[::]:80": true, "[fd00:5b::2]:443": true, "[::ffff:127.0.0.1]:80": true,
		"127.0.0.1:3128": false, "[::ffff:127.0.0.1]:3128": false, "127.0.0.1:53": false,
		"198.18.0.3:443": false, "203.0.113.1:80": false, "[2001:db8::1]:443": false,
	} {
		if got := netns.Local(netip.MustParseAddrPort(to), nil); got != want {
			t.Errorf("%s: got %v, want %v", to, got, want)
		}
	}
	has443 := func(port int) bool { return port == 443 }
	for to, want := range map[string]bool{
		"203.0.113.1:8080": true, "[2001:db8::1]:3128": true, "127.0.0.1:8080": true,
		"203.0.113.1:443": false, "127.0.0.1:443": false, "127.0.0.1:3128": false, "8.8.8.8:53": false,
	} {
		if got := netns.Local(netip.MustParseAddrPort(to), has443); got != want {
			t.Errorf("%s without a redirect: got %v, want %v", to, got, want)
		}
	}
}
