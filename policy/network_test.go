package policy_test

import (
	"fmt"
	"net/netip"
	"testing"

	"exeat/policy"
)

// What is never reached is a mistake in a policy too: no rule is inert.
func TestNeverReachedDoesNotLoad(t *testing.T) {
	for _, text := range []string{
		"0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4",
		"::/128", "::1/128", "fe80::/10", "ff00::/8", "100::/64",
		"168.63.129.16/32", "100.100.100.200/32", "192.0.0.192/32",
		"fd00:ec2::/32", "fd20:ce::254/128", "fd00:42::42/128",
		"fd00:a9fe:a9fe::1/128", "fd00:c1::a9fe:a9fe/128", "fd00:100::100:200/128",
	} {
		prefix := netip.MustParsePrefix(text)
		address := prefix.Addr()
		if !prefix.IsSingleIP() {
			address = address.Next()
		}
		if !policy.IsNeverReached(address) {
			t.Errorf("%s is reached", address)
		}
		for _, endpoint := range []string{
			fmt.Sprintf(`{ host: %q, port: 80 }`, address),
			fmt.Sprintf(`{ host: a.example, port: 80, allowed_ips: [%q] }`, prefix),
		} {
			text := "version: 1\nnetwork_policies:\n  a:\n    endpoints: [" + endpoint + "]\n    binaries: [{ path: /usr/bin/curl }]\n"
			if p, _ := policy.Parse("test.yaml", []byte(text)); p != nil {
				t.Errorf("%s loads", endpoint)
			}
		}
	}
}
