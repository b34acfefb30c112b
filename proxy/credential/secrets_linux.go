package credential

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Secrets is the directory with one file per provider. Every access goes by the directory's
// descriptor, checked once: nobody can put another directory in its place afterwards.
type Secrets struct{ dir *os.File }

// OpenSecrets opens the directory, makes it (0700) where its parent exists, and refuses one that
// others could read or write. Errors about its rights carry a hint.
func OpenSecrets(path string) (*Secrets, error) {
	if err := unix.Mkdir(path, 0o700); err != nil && err != unix.EEXIST {
		return nil, fmt.Errorf("make %s: %w", path, err)
	}
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	s := &Secrets{os.NewFile(uintptr(fd), path)}
	if err := private(fd, path, "chmod 0700 "+path); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// private refuses what is not ours alone.
func private(fd int, path, cure string) error {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return fmt.Errorf("check %s: %w", path, err)
	}
	if int(st.Uid) != os.Geteuid() {
		return &Error{
			Text:   fmt.Sprintf("%s belongs to uid %d, not to you (uid %d)", path, st.Uid, os.Geteuid()),
			Advice: "run this as its owner",
		}
	}
	if st.Mode&0o077 != 0 {
		return &Error{Text: fmt.Sprintf("%s can be used by others (mode %04o)", path, st.Mode&0o777), Advice: cure}
	}
	return nil
}

// Close closes the directory.
func (s *Secrets) Close() error { return s.dir.Close() }

// Save stores a secret, in place of an older one. After it returns the secret is on the disk; if it
// fails, the older one is untouched.
func (s *Secrets) Save(name string, v Value) error {
	if err := CheckName(name); err != nil {
		return err
	}
	// No name of a secret starts with a dot, and a file that is left over is never opened again.
	temporary := fmt.Sprintf(".%s.%d", name, os.Getpid())
	if err := s.write(temporary, name, v); err != nil {
		_ = unix.Unlinkat(int(s.dir.Fd()), temporary, 0)
		return fmt.Errorf("save the secret of provider %q: %w", name, err)
	}
	return nil
}

func (s *Secrets) write(temporary, name string, v Value) error {
	dir := int(s.dir.Fd())
	_ = unix.Unlinkat(dir, temporary, 0)
	fd, err := unix.Openat(dir, temporary, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return err
	}
	f := os.NewFile(uintptr(fd), temporary)
	_, err = io.WriteString(f, v.Reveal())
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := unix.Renameat(dir, temporary, dir, name); err != nil {
		return err
	}
	return s.dir.Sync()
}

// Load reads a secret. ErrNoSecret means that there is none of that name.
func (s *Secrets) Load(name string) (Value, error) {
	if err := CheckName(name); err != nil {
		return Value{}, err
	}
	v, err := s.read(name)
	if errors.Is(err, ErrNoSecret) {
		return Value{}, noSecret(name, s.dir.Name())
	}
	if err != nil {
		return Value{}, fmt.Errorf("read the secret of provider %q: %w", name, err)
	}
	return v, nil
}

func (s *Secrets) read(name string) (Value, error) {
	fd, err := unix.Openat(int(s.dir.Fd()), name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return Value{}, ErrNoSecret
	}
	if err != nil {
		return Value{}, err
	}
	f := os.NewFile(uintptr(fd), name)
	defer f.Close()
	path := s.dir.Name() + "/" + name
	if err := private(fd, path, "chmod 0600 "+path); err != nil {
		return Value{}, err
	}
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		return Value{}, &Error{Text: path + " is not a regular file"}
	}
	text, err := io.ReadAll(io.LimitReader(f, maxValue+3))
	if err != nil {
		return Value{}, err
	}
	return NewValue(string(text))
}

// Delete removes a secret, and what a crash left of saving it. ErrNoSecret means that there was none.
func (s *Secrets) Delete(name string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	if err := s.sweep(name); err != nil {
		return fmt.Errorf("delete the secret of provider %q: %w", name, err)
	}
	err := unix.Unlinkat(int(s.dir.Fd()), name, 0)
	if errors.Is(err, fs.ErrNotExist) {
		err = ErrNoSecret
	}
	if err != nil {
		return fmt.Errorf("delete the secret of provider %q: %w", name, err)
	}
	return s.dir.Sync()
}

// sweep removes the temporary files of a secret, see Save.
func (s *Secrets) sweep(name string) error {
	files, err := os.ReadDir(fmt.Sprintf("/proc/self/fd/%d", s.dir.Fd()))
	for _, file := range files {
		pid, ours := strings.CutPrefix(file.Name(), "."+name+".")
		if _, none := strconv.Atoi(pid); ours && none == nil {
			err = errors.Join(err, unix.Unlinkat(int(s.dir.Fd()), file.Name(), 0))
		}
	}
	return err
}
