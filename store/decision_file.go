package store

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

// decisionsPath is the file that holds the decisions of a sandbox from id first
// on, up to where the next file begins.
func decisionsPath(d Dirs, sandbox string, first int64) string {
	return filepath.Join(d.State, decisionsPrefix(sandbox)+strconv.FormatInt(first, 10)+".db")
}

func decisionsPrefix(sandbox string) string { return "decisions-" + sandbox + "-" }

// decisionsLock is held by the one process that writes a sandbox's decisions.
func decisionsLock(d Dirs, sandbox string) string {
	return filepath.Join(d.State, "decisions-"+sandbox+".lock")
}

func decisionsSource(d Dirs, sandbox string, first int64) source {
	return source{path: decisionsPath(d, sandbox, first), kind: decisionsKind(), conns: 1}
}

// decisionFiles returns the first ids of a sandbox's files in order.
func decisionFiles(d Dirs, sandbox string) ([]int64, error) {
	if err := checkID(sandbox); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(d.State)
	if err != nil {
		return nil, err
	}
	var firsts []int64
	for _, entry := range entries {
		rest, ours := strings.CutPrefix(entry.Name(), decisionsPrefix(sandbox))
		number, isDB := strings.CutSuffix(rest, ".db")
		if first, err := strconv.ParseInt(number, 10, 64); ours && isDB && err == nil && first > 0 {
			firsts = append(firsts, first)
		}
	}
	slices.Sort(firsts)
	return firsts, nil
}

// fileOf is the index of the file that would hold id, -1 if it is older than all.
func fileOf(firsts []int64, id int64) int {
	i, found := slices.BinarySearch(firsts, id)
	if found {
		return i
	}
	return i - 1
}

// checkID keeps an id from naming a file elsewhere.
func checkID(sandbox string) error {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_'
	}
	if sandbox == "" || strings.ContainsFunc(sandbox, func(r rune) bool { return !plain(r) }) {
		return fmt.Errorf("%q is not the id of a sandbox", sandbox)
	}
	return nil
}

// DeleteDecisions removes all decisions of a sandbox. Its supervisor must have ended.
func DeleteDecisions(d Dirs, sandbox string) error {
	firsts, err := decisionFiles(d, sandbox)
	if err != nil {
		return fmt.Errorf("delete decisions: %w", err)
	}
	problems := []error{}
	for _, first := range firsts {
		problems = append(problems, removeDatabase(decisionsPath(d, sandbox, first)))
	}
	return errors.Join(append(problems, removeRest(d, sandbox), removeIfThere(decisionsLock(d, sandbox)))...)
}

// removeRest removes what a writer or a removal that was killed has left of
// databases that are gone: their journals.
func removeRest(d Dirs, sandbox string) error {
	entries, err := os.ReadDir(d.State)
	problems := []error{err}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), decisionsPrefix(sandbox)) {
			problems = append(problems, removeIfThere(filepath.Join(d.State, entry.Name())))
		}
	}
	return errors.Join(problems...)
}

// removeDatabase unlinks a database and what SQLite keeps beside it. The
// database goes first: a log without it is ignored, it without its log has lost
// its last transactions.
func removeDatabase(path string) error {
	return errors.Join(removeIfThere(path), removeIfThere(path+"-wal"), removeIfThere(path+"-shm"), removeIfThere(path+"-journal"))
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
