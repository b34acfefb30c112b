package supervisor

import (
	"testing"

	"exeat/sandbox/confine"
)

// What taints: everything but what lies on a mount that is known to be read-only.
func TestWritable(t *testing.T) {
	v := &view{mounts: []confine.Mount{
		{Target: "/usr", ReadOnly: true},
		{Target: "/home/me/.local/share/claude", ReadOnly: true},
		{Target: "/home/me/project"},
		{Target: "/home/me/project/.git/hooks", ReadOnly: true},
		{Target: "/tmp/project", ReadOnly: true},
		{Target: homePath},
		{Target: denialsPath, ReadOnly: true},
		{Target: "/opt/cache"},
		{Target: "/opt/cache", ReadOnly: true}, // over the one before
	}}
	for name, want := range map[string]bool{
		"/usr/bin/git":                       false,
		"/usr":                               false,
		"/usrlocal/git":                      true,
		"/home/me/.local/share/claude/2/cli": false,
		"/home/me/.local/bin/other":          true,
		"/home/me/project/build/lib.so":      true,
		"/home/me/project/.git/hooks/x":      false,
		"/tmp/lib.so":                        true,
		"/tmp/project/lib.so":                false,
		"/dev/shm/lib.so":                    true,
		"/sandbox/lib.so":                    true,
		"/exeat/denials.log":                 false,
		"/opt/cache/lib.so":                  false,
		"/":                                  true,
		"relative":                           true,
	} {
		if got := v.writable(name); got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}
