package policy_test

import (
	"strings"
	"testing"

	"exeat/policy"
)

func TestCanonicalHost(t *testing.T) {
	for _, row := range []struct {
		raw, want string
	}{
		{"GitHub.COM", "github.com"},
		{"github.com.", "github.com"},
		{"localhost", "localhost"},
		{"my_bucket.s3.amazonaws.com", "my_bucket.s3.amazonaws.com"},
		{"bücher.example", "xn--bcher-kva.example"},
		{"BÜCHER.example", "xn--bcher-kva.example"},
		{"xn--bcher-kva.example", "xn--bcher-kva.example"},
		{"1password.com", "1password.com"},
		{"0x7f.example", "0x7f.example"},
		{"127.0.0.1", "127.0.0.1"},
		{"127.0.0.1.", "127.0.0.1"},
		{"::1", "::1"},
		{"[::1]", "::1"},
		{"2001:DB8:0:0::1", "2001:db8::1"},
		{"::ffff:10.0.0.1", "10.0.0.1"},
	} {
		got, err := policy.CanonicalHost(row.raw)
		if err != nil || got != row.want {
			t.Errorf("CanonicalHost(%q): got %q, %v, want %q", row.raw, got, err, row.want)
		}
	}
}

func TestCanonicalHostRefuses(t *testing.T) {
	for _, raw := range []string{
		"", ".", "..", "a..b", ".a", "a b", "a\x00", "a/b", "a:80", "a@b", "a%41", "*.a.com", "-a.com", "a-.com",
		"127.1", "2130706433", "0x7f000001", "0x", "0177.0.0.1", "1.2.3.4.5", "999.1.1.1", "a.1", "a.0x1",
		"fe80::1%eth0", "[127.0.0.1]", "[::1", "::1]", "[]", "[a]", "::1.", ":::", "xn--a", "xn--.com",
		strings.Repeat("a", 64) + ".com", strings.Repeat("a.", 127) + "com",
	} {
		if got, err := policy.CanonicalHost(raw); err == nil {
			t.Errorf("CanonicalHost(%q): got %q, want an error", raw, got)
		}
	}
}

func FuzzCanonicalHost(f *testing.F) {
	for _, seed := range []string{"GitHub.com.", "[::ffff:1.2.3.4]", "bücher.example", "0x7f.1", "ｅxample.com", "a\u3002b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		host, err := policy.CanonicalHost(raw)
		if err != nil {
			return
		}
		if again, err := policy.CanonicalHost(host); err != nil || again != host {
			t.Errorf("%q gives %q, which gives %q, %v", raw, host, again, err)
		}
		if strings.ContainsAny(host, " /\\@%[]*?#") || strings.ToLower(host) != host || strings.HasSuffix(host, ".") {
			t.Errorf("%q gives %q", raw, host)
		}
	})
}
