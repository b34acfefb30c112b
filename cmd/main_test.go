package cmd_test

import (
	"os"
	"path/filepath"
	"testing"

	"exeat/cmd/demo/standin"
	"exeat/cmd/demo/world"
)

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "lacking" {
		os.Exit(lacking(os.Args[1:]))
	}
	os.Exit(world.Tests(m.Run, prepare))
}

// prepare builds the binary once, unmodified, for the worlds of all users.
func prepare(dir string) (world.Config, error) {
	ca, err := standin.NewCAFile(filepath.Join(dir, "ca.pem"))
	if err != nil {
		return world.Config{}, err
	}
	files := map[string]string{
		"etc/ca.pem": filepath.Join(dir, "ca.pem"), "script": "testdata/script", "policies": "../policy/testdata",
	}
	for name, pkg := range map[string]string{"exeat": "./exeat", "goclient": "./testdata/client"} {
		if err := world.Build(pkg, filepath.Join(dir, name)); err != nil {
			return world.Config{}, err
		}
		files["bin/"+name] = filepath.Join(dir, name)
	}
	return world.Config{
		Hosts: map[string]string{
			"github.com": gitHost, "api.github.com": apiHost, "proxy.corp.example": corporateHost, "inner.corp.example": corporateHost,
		},
		Bundle: ca.PEM(), Files: files,
	}, nil
}
