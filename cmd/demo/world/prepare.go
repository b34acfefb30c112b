package world

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// prepare writes what the world needs into a directory that its user owns:
// this binary, the given files, a home, and the files bound over those of /etc.
func prepare(c Config) (dir string, err error) {
	dir, err = os.MkdirTemp(place(), "exeat-world-")
	if err != nil {
		return "", fmt.Errorf("make a directory for the world: %w", err)
	}
	defer func() {
		if err != nil {
			os.RemoveAll(dir)
		}
	}()
	for _, sub := range []string{"home", "tmp", "etc", "bin"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			return "", err
		}
	}
	if err := writeEtc(c, filepath.Join(dir, "etc")); err != nil {
		return "", err
	}
	if err := copyFiles(c.Files, dir); err != nil {
		return "", err
	}
	return dir, give(dir, c.UID, c.GID)
}

// place is where worlds are made: not below /tmp, of which every sandbox has its
// own, so that a home there would not be like anybody's.
func place() string {
	const disk = "/var/tmp"
	if info, err := os.Stat(disk); err == nil && info.IsDir() && os.Getenv("TMPDIR") == "" {
		return disk
	}
	return os.TempDir()
}

func writeEtc(c Config, etc string) error {
	var hosts strings.Builder
	hosts.WriteString("127.0.0.1 localhost\n::1 localhost\n")
	for name, address := range c.Hosts {
		fmt.Fprintf(&hosts, "%s %s\n", address, name)
	}
	files := map[string]string{
		"hosts":       hosts.String(),
		"resolv.conf": "nameserver 127.0.0.1\n", // nothing listens: no question leaves
		"bundle.pem":  string(c.Bundle),
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(etc, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func copyFiles(files map[string]string, dir string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if err := copyTree(self, filepath.Join(dir, "self")); err != nil {
		return err
	}
	for to, from := range files {
		if err := copyTree(from, filepath.Join(dir, to)); err != nil {
			return fmt.Errorf("copy %s into the world: %w", from, err)
		}
	}
	return nil
}

// copyTree copies a file or a directory; the world's user may not be able to read the original.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		if entry.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		return copyFile(path, target)
	})
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, info.Mode().Perm()|0o444)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

// give makes everything in dir the user's and passable.
func give(dir string, uid, gid int) error {
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, uid, gid)
	})
}
