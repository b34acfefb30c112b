package supervisor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"exeat/sandbox/limits"
	"exeat/sandbox/tree"
)

const (
	// homeFilesMax bounds the files of a home, each of which costs the host an inode.
	homeFilesMax = 2_000_000
	// grace is what a sandbox over its limit may grow after a person resumed it,
	// so that it can clean up by itself.
	grace, graceFiles = 64 << 20, 10_000
	// walkStep is what the file system must have lost before the home is walked.
	walkStep, walkStepFiles = 16 << 20, 2000
	// walkRest is how much longer than a walk the pause after it is: at most a
	// hundredth of the time goes into walking, a tenth while space is short.
	walkRest, walkRestShort = 100, 10
)

// reserve is what a sandbox leaves free for the host and for the record, which
// must be written before anything is allowed: a hundredth, from 256 MiB to 2 GiB.
func reserve(total int64) int64 { return min(max(total/100, 256<<20), 2<<30) }

// diskGuard watches the home of a sandbox, a directory on a disk of the host. It
// asks for the free space often and walks the home only when that has shrunk.
type diskGuard struct {
	home  string
	open  func(dev uint64) (bytes int64, hidden bool, err error) // of deleted files; nil: not asked
	still func() (goOn func())                                   // stops the sandbox while it is walked; nil: not
	limit int64                                                  // of bytes
	files int64                                                  // of files

	usage tree.Usage // at the last walk
	base  tree.Usage // at the start, or when it was last resumed
	since space      // what was free then
	space space      // the most that was free since the last walk
	last  time.Time  // end of the last walk
	took  time.Duration
}

// space is what a file system has free.
type space struct{ bytes, files int64 }

// begin is the first walk.
func (g *diskGuard) begin() error {
	now, _, err := freeSpace(g.home)
	if err != nil {
		return err
	}
	err = g.walk(now)
	g.base, g.since = g.usage, now
	return err
}

// freeSpace asks the file system of path (statfs(2)); short says that it has
// less than the reserve. Some, such as btrfs, do not count files.
func freeSpace(path string) (free space, short bool, err error) {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return space{}, false, os.NewSyscallError("statfs", err)
	}
	free = space{bytes: int64(st.Bavail) * st.Bsize, files: int64(st.Ffree)}
	short = free.bytes < reserve(int64(st.Blocks)*st.Bsize) || st.Files > 0 && st.Ffree < min(st.Files/100, 100_000)
	return free, short, nil
}

// allow lets a home that is over its limit grow a little more.
func (g *diskGuard) allow() {
	g.base, g.since = g.usage, g.space
	g.limit = max(g.limit, g.usage.Bytes+grace)
	g.files = max(g.files, g.usage.Files+graceFiles)
}

// look says why the sandbox must be paused, or "". While space is short it stands
// still for a walk: it could fill the rest in that time.
func (g *diskGuard) look(now time.Time) (string, error) {
	free, short, err := freeSpace(g.home)
	if err != nil {
		return "", err
	}
	lost := space{g.space.bytes - free.bytes, g.space.files - free.files}
	g.space = space{max(g.space.bytes, free.bytes), max(g.space.files, free.files)}
	if !g.due(lost, short, now) {
		return "", nil
	}
	if short && g.still != nil {
		defer g.still()()
	}
	if err := g.walk(free); err != nil {
		return "", err
	}
	return g.reason(short), nil
}

// due says whether a walk could find something new: enough is gone for it, and
// the last one is long enough ago for its cost.
func (g *diskGuard) due(lost space, short bool, now time.Time) bool {
	rest := g.took * walkRest
	if short {
		rest = g.took * walkRestShort
	}
	if now.Sub(g.last) < rest {
		return false
	}
	left := g.limit - g.usage.Bytes
	return short && (lost.bytes > 0 || lost.files > 0) || lost.bytes > min(walkStep, max(left, 0)) || lost.files > walkStepFiles
}

func (g *diskGuard) walk(free space) error {
	from := time.Now()
	usage, err := tree.Measure(g.home, g.files)
	if errors.Is(err, fs.ErrPermission) { // the agent may have shut it to its owner; nothing above it is his
		err = os.Chmod(g.home, 0o700)
		if err == nil {
			usage, err = tree.Measure(g.home, g.files)
		}
	}
	if err != nil {
		return err
	}
	if err := g.addOpen(&usage); err != nil {
		return err
	}
	g.usage, g.space, g.last = usage, free, time.Now()
	g.took = g.last.Sub(from)
	return nil
}

// addOpen adds the deleted files that programs have open.
func (g *diskGuard) addOpen(usage *tree.Usage) error {
	if g.open == nil {
		return nil
	}
	var st unix.Stat_t
	if err := unix.Stat(g.home, &st); err != nil {
		return os.NewSyscallError("stat", err)
	}
	bytes, hidden, err := g.open(st.Dev)
	usage.Bytes += bytes
	usage.Partial = usage.Partial || hidden
	return err
}

func (g *diskGuard) reason(short bool) string {
	const way = "; delete some of them in %s, then resume the sandbox"
	switch {
	case g.usage.Bytes > g.limit:
		return over("the files in its home take", g.usage.Bytes, g.limit) + fmt.Sprintf(way, g.home)
	case g.usage.Files > g.files:
		return fmt.Sprintf("its home has more than %d files"+way, g.files, g.home)
	case g.hides():
		return fmt.Sprintf("its home has directories that may not be read, and its disk has lost more than the limit of %s since; chmod them in %s, then resume the sandbox", limits.Size(g.limit), g.home)
	case short && g.grew():
		return fmt.Sprintf("the disk of its home is nearly full, and its files grew to %s"+way, limits.Size(g.usage.Bytes), g.home)
	}
	return ""
}

// hides says that a part of the home cannot be read which could be over the limit.
func (g *diskGuard) hides() bool {
	return g.usage.Partial && !g.base.Partial && g.since.bytes-g.space.bytes > g.limit-g.base.Bytes
}

// grew says that the home takes more than it did, or that it hides what it takes.
func (g *diskGuard) grew() bool {
	return g.usage.Partial && !g.base.Partial || g.usage.Bytes > g.base.Bytes+walkStep || g.usage.Files > g.base.Files+walkStepFiles
}
