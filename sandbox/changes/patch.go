package changes

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
)

// Kind is what a line of a patch is.
type Kind int

// The kinds of lines.
const (
	Header Kind = iota // of a file
	Hunk               // where the following lines are
	Context
	Added
	Deleted
)

// Line is a line of a patch, or a piece of a long one: only its last ends in \n.
type Line struct {
	Entry int // which of the entries it belongs to
	Kind  Kind
	Text  []byte // hostile; valid until the next line
}

// Patch yields the patch of all entries, line by line. With binary it holds
// everything git apply needs, without only that binary files differ.
func (c *Changes) Patch(ctx context.Context, entries []Entry, binary bool, emit func(Line) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	args := append(twoTrees[:len(twoTrees):len(twoTrees)], "--patch", "--no-color", "--src-prefix=a/", "--dst-prefix=b/")
	if binary {
		args = append(args, "--binary", "--full-index")
	}
	from, to := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := c.git.Run(ctx, nil, to, append(args, c.base, c.snapshot)...)
		to.CloseWithError(err)
		ended <- err
	}()
	err := split(from, owners(entries), emit)
	from.CloseWithError(io.ErrClosedPipe)
	if err != nil {
		cancel()
		<-ended
		return err
	}
	return <-ended
}

// owners says to which entry each part of a patch belongs: a file that became
// one of another kind is deleted and added, in two parts.
func owners(entries []Entry) []int {
	var all []int
	for i, e := range entries {
		all = append(all, i)
		if e.Status == "T" {
			all = append(all, i)
		}
	}
	return all
}

// splitter reads a patch. It counts the lines of hunks, because content can look
// like anything, the header of another file too.
type splitter struct {
	owners   []int
	part     int // of owners, from -1
	old, new int // lines left in the hunk
}

var hunkStart = regexp.MustCompile(`^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@`)

var errForm = errors.New("git diff-tree: a patch of an unknown form")

func split(r io.Reader, owners []int, emit func(Line) error) error {
	s := splitter{owners: owners, part: -1}
	in := bufio.NewReaderSize(r, 64<<10)
	for begin, kind := true, Header; ; {
		text, err := in.ReadSlice('\n')
		if len(text) > 0 {
			if begin {
				kind = s.kind(text)
			}
			if s.part < 0 || s.part >= len(owners) {
				return errForm
			}
			if err := emit(Line{owners[s.part], kind, text}); err != nil {
				return err
			}
		}
		begin = !errors.Is(err, bufio.ErrBufferFull)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && begin {
			return err
		}
	}
	if s.part != len(owners)-1 {
		return fmt.Errorf("%w: %d parts, want %d", errForm, s.part+1, len(owners))
	}
	return nil
}

// kind tells what begins with these bytes, and counts.
func (s *splitter) kind(text []byte) Kind {
	if s.old > 0 || s.new > 0 {
		switch text[0] {
		case '+':
			s.new--
			return Added
		case '-':
			s.old--
			return Deleted
		case ' ':
			s.old--
			s.new--
		}
		return Context
	}
	if m := hunkStart.FindSubmatch(text); m != nil {
		s.old, s.new = lines(m[1]), lines(m[2])
		return Hunk
	}
	if bytes.HasPrefix(text, []byte("diff --git ")) {
		s.part++
	}
	return Header
}

func lines(digits []byte) int {
	n, err := strconv.Atoi(string(digits))
	if err != nil {
		return 1 // left out means one
	}
	return n
}
