package repo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// maxObjects bounds the object directories of one repository; git itself follows
// five levels of them (alt_odb_usable and link_alt_odb_entry in its object-file.c).
const maxObjects = 32

// objects lists an object directory and all it borrows from, without symlinks,
// in the order in which git would ask them.
func objects(dir string) ([]string, error) {
	var all []string
	for queue := []string{dir}; len(queue) > 0; queue = queue[1:] {
		real, err := filepath.EvalSymlinks(queue[0])
		if errors.Is(err, fs.ErrNotExist) && len(all) > 0 {
			continue // git goes on without it, too
		}
		if err != nil {
			return nil, fmt.Errorf("object directory: %w", err)
		}
		if slices.Contains(all, real) {
			continue
		}
		if all = append(all, real); len(all) > maxObjects {
			return nil, &Error{Text: fmt.Sprintf("%s borrows from more than %d object directories", dir, maxObjects), Way: "git repack -a -d"}
		}
		borrowed, err := alternates(real)
		if err != nil {
			return nil, err
		}
		queue = append(queue, borrowed...)
	}
	return all, nil
}

// alternates reads objects/info/alternates: a path a line, relative to the
// object directory, with # for comments and C quotes where it needs them.
func alternates(dir string) ([]string, error) {
	data, err := os.ReadFile(filepath.Join(dir, "info", "alternates"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("object directory: %w", err)
	}
	var all []string
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		if quoted, err := strconv.Unquote(line); err == nil && line[0] == '"' {
			line = quoted
		}
		if !filepath.IsAbs(line) {
			line = filepath.Join(dir, line)
		}
		all = append(all, line)
	}
	return all, nil
}
