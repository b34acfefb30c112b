package redteam_test

import (
	"os"
	"path/filepath"
	"testing"

	"exeat/cmd/demo/standin"
	"exeat/cmd/demo/world"
)

func TestMain(m *testing.M) { os.Exit(world.Tests(m.Run, prepare)) }

// prepare builds the binary, unmodified, and the attacker's program.
func prepare(dir string) (world.Config, error) {
	ca, err := standin.NewCAFile(filepath.Join(dir, "ca.pem"))
	if err != nil {
		return world.Config{}, err
	}
	files := map[string]string{"etc/ca.pem": filepath.Join(dir, "ca.pem"), "docs": "../../docs/threat-model.md"}
	for to, pkg := range map[string]string{"bin/exeat": "../exeat", "tools/attack": "./attack"} {
		built := filepath.Join(dir, filepath.Base(to))
		if err := world.Build(pkg, built); err != nil {
			return world.Config{}, err
		}
		files[to] = built
	}
	return world.Config{Hosts: hosts, Own: ownAddress, Bundle: ca.PEM(), Files: files}, nil
}
