package policy

import "testing"

func TestIsHandoff(t *testing.T) {
	f := Filesystem{Handoff: []string{"scripts/release.sh", "**/*.plist", "tools", "ci/**"}}
	match, err := f.IsHandoff()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"scripts/release.sh": true, "sub/scripts/release.sh": false, "a.plist": true, "x/y/a.plist": true,
		"tools": true, "tools/x": false, "ci/x": true, "ci": false, "": false,
	} {
		if got := match(name); got != want {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
	}
}
