package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Most of the disk that a ballast takes. A full queue of ordinary decisions has 3 MiB;
// what does not fit, as programs deep in long paths are able to bring about, waits in
// memory until there is space.
const (
	ballastBytes = 8 << 20
	ballastShare = 16 // a sixteenth
)

// ballast is a file that takes up space to be given up when the disk is full. An
// allowed request is forwarded once its decision is queued; without a reserve, a
// disk that fills within the next 20 ms would keep up to a queue of such decisions
// in memory, and a supervisor that then ends would lose what it has let through.
// The record that requests were refused is written with it, too.
//
// Deleting the oldest file of decisions would make room as well, and is not done: a
// young sandbox has only one, and whoever can fill the disk (a sandbox can, within
// its home's limit) could erase the record of what it did before. The space freed
// this way may be taken by others at once, so nothing new is let in until the whole
// ballast fits again: that is what tells that space has returned.
type ballast struct {
	path string
	held bool
}

func newBallast(d Dirs, sandbox string) ballast {
	return ballast{path: filepath.Join(d.State, decisionsPrefix(sandbox)+"ballast")}
}

// lay takes the space, if the disk has it.
func (b *ballast) lay() error {
	if b.held {
		return nil
	}
	file, err := os.OpenFile(b.path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	err = errors.Join(fillWhole(file), file.Close())
	b.held = err == nil
	if err != nil {
		return errors.Join(err, os.Remove(b.path))
	}
	return nil
}

// fillWhole asks first: an attempt that does not fit takes what there is, if only
// for a moment, and other sandboxes write to the same disk.
func fillWhole(file *os.File) error {
	var fs unix.Statfs_t
	var st unix.Stat_t
	if err := errors.Join(unix.Fstatfs(int(file.Fd()), &fs), unix.Fstat(int(file.Fd()), &st)); err != nil {
		return err
	}
	size := min(ballastBytes, int64(fs.Blocks)*fs.Bsize/ballastShare)
	missing := size - st.Blocks*512
	if missing <= 0 {
		return nil
	}
	if missing > int64(fs.Bavail)*fs.Bsize {
		return unix.ENOSPC
	}
	err := unix.Fallocate(int(file.Fd()), 0, 0, size)
	if errors.Is(err, unix.EOPNOTSUPP) {
		return writeZeros(file, size)
	}
	return err
}

func writeZeros(file *os.File, size int64) error {
	for piece := make([]byte, 64<<10); size > 0; size -= int64(len(piece)) {
		if _, err := file.Write(piece[:min(size, int64(len(piece)))]); err != nil {
			return err
		}
	}
	return nil
}

// drop gives the space back and says whether there was any to give.
func (b *ballast) drop() bool {
	had := b.held
	b.held = false
	err := os.Remove(b.path)
	return had && (err == nil || errors.Is(err, fs.ErrNotExist))
}
