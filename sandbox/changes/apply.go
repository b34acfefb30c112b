package changes

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1" //nolint:gosec // git's name for content, not a protection
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"exeat/sandbox/repo"
)

// Apply brings the files into the work tree at the top of host, all of them or
// none. What the user changed there meanwhile stays, or the whole is refused with
// an [*repo.Error] that names the files. dry only tries. It returns the paths that
// had the same content already.
func (c *Changes) Apply(ctx context.Context, host repo.Git, entries []Entry, chosen []Choice, dry bool) (same []string, err error) {
	root, err := os.OpenRoot(host.Dir())
	if err != nil {
		return nil, err
	}
	defer root.Close()
	take := map[string]bool{}
	for _, ch := range chosen {
		switch {
		case ch.LeftOut != "":
		case alreadyThere(root, ch.Entry):
			same = append(same, ch.Path)
		default:
			take[ch.Path] = true
		}
	}
	if len(take) == 0 {
		return same, nil
	}
	if err := c.refuseLarge(ctx, entries, take); err != nil {
		return same, err
	}
	patch, err := c.writePatch(ctx, entries, take)
	if err != nil {
		return same, err
	}
	defer os.Remove(patch)
	// It looks at all files before it writes the first, and takes no path out of
	// the work tree or into .git (git-apply(1)).
	if err = host.Run(ctx, nil, nil, "apply", "--check", "--whitespace=nowarn", "--no-ignore-whitespace", patch); err == nil && !dry {
		err = host.Run(ctx, nil, nil, "apply", "--whitespace=nowarn", "--no-ignore-whitespace", patch)
	}
	return same, conflict(err)
}

// maxApply bounds a file that comes as a patch: git holds it in memory, more than once.
const maxApply = 256 << 20 // bytes

func (c *Changes) refuseLarge(ctx context.Context, entries []Entry, take map[string]bool) error {
	var objects strings.Builder
	var paths []string
	for _, e := range entries {
		if take[e.Path] && e.NewMode != 0 {
			objects.WriteString(e.Object + "\n")
			paths = append(paths, e.Path)
		}
	}
	var sizes bytes.Buffer
	if err := c.git.Run(ctx, strings.NewReader(objects.String()), &sizes, "cat-file", "--batch-check=%(objectsize)"); err != nil {
		return err
	}
	for i, size := range strings.Fields(sizes.String()) {
		if n, err := strconv.ParseInt(size, 10, 64); err != nil || n > maxApply {
			return &repo.Error{
				Text: fmt.Sprintf("nothing was changed: %s is larger than the %d MiB that a file may have here", repo.Visible(paths[min(i, len(paths)-1)]), maxApply>>20),
				Way:  "commit it in the sandbox, pull, and merge",
			}
		}
	}
	return nil
}

// writePatch keeps the chosen files' patch whole before git reads it: of one that
// broke off it would apply the beginning.
func (c *Changes) writePatch(ctx context.Context, entries []Entry, take map[string]bool) (string, error) {
	file, err := os.CreateTemp(c.git.Dir(), "patch-")
	if err != nil {
		return "", err
	}
	out := bufio.NewWriter(file)
	err = c.Patch(ctx, entries, true, func(l Line) error {
		if !take[entries[l.Entry].Path] {
			return nil
		}
		_, err := out.Write(l.Text)
		return err
	})
	return file.Name(), errors.Join(err, out.Flush(), file.Close())
}

// misfit is how git apply says that a file is not what the patch was made from.
var misfit = regexp.MustCompile(`(?m)^error: (?:patch failed: (.*):\d+|(.*): (?:patch does not apply|already exists in (?:working directory|index)|No such file or directory|does not exist in index|wrong type|removal patch leaves file contents))$`)

// conflict names the files that the user has changed too.
func conflict(err error) error {
	var failed *repo.Failure
	if !errors.As(err, &failed) {
		return err
	}
	var files []string
	for _, m := range misfit.FindAllStringSubmatch(failed.Words, -1) {
		if name := longer(m[1], m[2]); !slices.Contains(files, name) {
			files = append(files, name)
		}
	}
	if len(files) == 0 {
		return fmt.Errorf("nothing was changed: %w", err)
	}
	return &repo.Error{
		Text: "nothing was changed: these files differ on the host from what the sandbox started with, and its changes do not fit: " + strings.Join(files, ", "),
		Way:  "name the files you want, or commit in the sandbox, pull, and merge", Err: err,
	}
}

// alreadyThere says whether the host has a file as the sandbox has it. A path
// that leads through a symlink out of the work tree is not followed.
func alreadyThere(root *os.Root, e Entry) bool {
	info, err := root.Lstat(e.Path)
	if e.NewMode == 0 {
		return errors.Is(err, os.ErrNotExist)
	}
	if err != nil || !info.Mode().IsRegular() || e.NewMode&0o170000 != 0o100000 || (info.Mode()&0o100 != 0) != (e.NewMode&0o100 != 0) {
		return false
	}
	file, err := root.Open(e.Path)
	if err != nil {
		return false
	}
	defer file.Close()
	sum := blobHash(e.Object)
	fmt.Fprintf(sum, "blob %d\x00", info.Size())
	_, err = io.Copy(sum, file)
	return err == nil && hex.EncodeToString(sum.Sum(nil)) == e.Object
}

func blobHash(object string) hash.Hash {
	if len(object) == 64 {
		return sha256.New()
	}
	return sha1.New() //nolint:gosec // as above
}
