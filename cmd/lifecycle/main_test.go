package lifecycle_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"exeat/cmd/demo/standin"
	"exeat/cmd/demo/world"
)

// full runs the numbers that are promised; the ordinary tests run a tenth.
var full = flag.Bool("full", false, "run every test at its full size")

func TestMain(m *testing.M) { os.Exit(world.Tests(m.Run, prepare)) }

// times is how often something is done.
func times(promised, ordinary int) int {
	if *full {
		return promised
	}
	return ordinary
}

// allowed is a host that every sandbox may read.
const allowed = "93.184.216.34"

func prepare(dir string) (world.Config, error) {
	ca, err := standin.NewCAFile(filepath.Join(dir, "ca.pem"))
	if err != nil {
		return world.Config{}, err
	}
	built := filepath.Join(dir, "exeat")
	if err := world.Build("../exeat", built); err != nil {
		return world.Config{}, err
	}
	return world.Config{
		Hosts: map[string]string{"a.example.com": allowed}, Bundle: ca.PEM(),
		Files: map[string]string{"etc/ca.pem": filepath.Join(dir, "ca.pem"), "bin/exeat": built},
	}, nil
}
