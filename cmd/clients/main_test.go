package clients_test

import (
	"os"
	"path/filepath"
	"testing"

	"exeat/cmd/demo/standin"
	"exeat/cmd/demo/world"
)

func TestMain(m *testing.M) { os.Exit(world.Tests(m.Run, prepare)) }

// Where the origin and GitHub are. Nothing but a policy tells the hosts apart.
const (
	originHost = "93.184.216.34"
	gitHost    = "140.82.112.3"
)

// prepare builds the binary and the client once for the worlds of all users.
func prepare(dir string) (world.Config, error) {
	ca, err := standin.NewCAFile(filepath.Join(dir, "ca.pem"))
	if err != nil {
		return world.Config{}, err
	}
	files := map[string]string{"etc/ca.pem": filepath.Join(dir, "ca.pem"), "policy.yaml": "testdata/policy.yaml"}
	for name, pkg := range map[string]string{"bin/exeat": "../exeat", "tools/client": "./client"} {
		if err := world.Build(pkg, filepath.Join(dir, filepath.Base(name))); err != nil {
			return world.Config{}, err
		}
		files[name] = filepath.Join(dir, filepath.Base(name))
	}
	return world.Config{
		Hosts:  map[string]string{"origin.example.com": originHost, "away.example.com": originHost, "github.com": gitHost},
		Bundle: ca.PEM(), Files: files,
	}, nil
}
