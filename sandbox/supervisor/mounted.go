package supervisor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// openFiles makes the files of ours that are mounted: they must be there before
// the view is built, and get their content later.
func (s *supervisor) openFiles(context.Context) error {
	for _, dir := range []string{s.dir.Logs(), filepath.Dir(s.dir.Denials())} {
		if err := showDir(dir); err != nil {
			return fmt.Errorf("log directory: %w", err)
		}
	}
	denials, err := openDenials(s.dir.Denials())
	if err != nil {
		return err
	}
	s.undo.add(func() { denials.Close() })
	s.denials = denials
	return s.openTrust()
}

// showDir makes a directory that is mounted into the sandbox, see openShown.
func showDir(path string) error {
	if err := os.Mkdir(path, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return os.Chmod(path, 0o755)
}

// openShown opens a file that is mounted into the sandbox. It is readable for
// the sandbox's uid whatever the umask; who may walk to it is another matter.
func openShown(path string, flags int) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW|flags, 0o644)
	if err != nil {
		return nil, err
	}
	if err := file.Chmod(0o644); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}
