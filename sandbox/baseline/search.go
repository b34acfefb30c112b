package baseline

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"

	"golang.org/x/sys/unix"
)

// searchMax is how many names a search looks at. It goes breadth first, so that
// what a tool would find first is found first.
const searchMax = 100_000

// search finds the hand-off files of a tree.
type search struct {
	tree    *Tree
	more    func(name string) bool // names of the policy
	left    int
	cut     bool
	queue   []visit
	entries map[string]Entry
	content map[string][]byte // by digest
	read    int               // bytes of content
	aliases []alias
}

// visit is a directory to look into.
type visit struct {
	name string
	in   scope
}

// alias is a path that a hand-off file stands for, as a symlink or a setting:
// whoever changes it changes what the host's tools read.
type alias struct {
	link   string // the hand-off file
	target string // what it says
	why    string
}

func (s *search) run() {
	s.queue = []visit{{name: "."}}
	for len(s.queue) > 0 || len(s.aliases) > 0 {
		if len(s.queue) == 0 {
			s.resolve()
			continue
		}
		next := s.queue[0]
		s.queue = s.queue[1:]
		s.enter(next)
	}
}

// enter looks at everything in one directory.
func (s *search) enter(v visit) {
	fd, err := s.tree.open(v.name, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		if !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.ENOTDIR) && !errors.Is(err, unix.ELOOP) {
			s.entries[v.name] = Entry{Path: v.name, Kind: Hidden, Stat: err.Error(), Why: "a directory that cannot be looked into: " + err.Error()}
		}
		return
	}
	dir := procFile(fd)
	defer dir.Close()
	list := s.list(dir)
	if v.in.why == "" && (v.in.git == nowhere || v.in.git == gitMany) && looksLikeGit(list) {
		v.in = scope{git: gitDir, loose: v.in.git == nowhere || v.in.loose}
	}
	for _, e := range list {
		s.consider(v, e)
	}
}

// list reads the names of a directory, as far as the search may go.
func (s *search) list(dir *os.File) []fs.DirEntry {
	var all []fs.DirEntry
	for s.left > 0 {
		batch, err := dir.ReadDir(min(s.left, 4096))
		all = append(all, batch...)
		s.left -= len(batch)
		if err == io.EOF || len(batch) == 0 {
			return all
		}
	}
	s.cut = true
	return all
}

func looksLikeGit(list []fs.DirEntry) bool {
	names := map[string]bool{}
	for _, e := range list {
		switch e.Name() {
		case "HEAD", "objects", "refs", "commondir":
			names[e.Name()] = true
		}
	}
	return isGitDir(names)
}

func kindOf(mode fs.FileMode) Kind {
	switch {
	case mode.IsRegular():
		return File
	case mode.IsDir():
		return Dir
	case mode&fs.ModeSymlink != 0:
		return Link
	}
	return Other
}

// consider decides about one name, notes it if it counts, and goes on below it.
func (s *search) consider(v visit, entry fs.DirEntry) {
	name, kind := path.Join(v.name, entry.Name()), kindOf(entry.Type())
	verdict := s.judge(v.in, name, kind)
	if verdict.why != "" {
		s.note(name, verdict)
	} else if kind == Link {
		s.considerLink(name)
	}
	if kind == Dir && verdict.enter {
		s.queue = append(s.queue, visit{name, verdict.below})
	}
}
