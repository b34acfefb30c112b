package supervisor

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path"

	"exeat/sandbox/confine"
	"exeat/sandbox/repo"
	"exeat/store"
)

// startDir is where programs start that do not say where.
func startDir(spec store.Spec) string {
	checkout := ""
	if spec.Repo != nil {
		checkout = spec.Repo.Path
	}
	return cmp.Or(spec.Workdir, checkout, homePath)
}

// addRepo shows the host's objects, of which the sandbox's own repository borrows.
// Nothing else of the host's repository is in view: its configuration may hold
// tokens, and its hooks run on the host.
func (v *view) addRepo(r *store.Repo) error {
	if r == nil {
		return nil
	}
	for i, dir := range r.Objects {
		source, err := v.source(dir, false)
		if err != nil {
			return fmt.Errorf("repository %s: %w", r.Source, err)
		}
		v.mount(source, repo.Mounted(i), true)
	}
	return nil
}

// noAlternates hides which directories of the host its objects are borrowed from:
// those are mounted, too, and git inside would complain of the paths that are not.
func noAlternates(r *store.Repo) []confine.File {
	if r == nil {
		return nil
	}
	var files []confine.File
	for i, dir := range r.Objects {
		if _, err := os.Stat(path.Join(dir, "info/alternates")); err == nil {
			files = append(files, confine.File{Path: path.Join(repo.Mounted(i), "info/alternates"), Optional: true})
		}
	}
	return files
}

func isObjects(target string) bool { return path.Dir(target) == path.Dir(repo.Mounted(0)) }

// openObjects opens objects of another owner for the sandbox's uid. Where the file
// system has no ID-mapped mounts it reads what everybody may.
func openObjects(source string, uid, gid int, ids confine.IDs) (*os.File, error) {
	if uid == ids.HostUID {
		return confine.OpenTree(source)
	}
	tree, err := confine.IDMapped(source, uid, gid, ids.HostUID, ids.HostGID)
	var cannot *confine.StartError
	if errors.As(err, &cannot) {
		return confine.OpenTree(source)
	}
	return tree, err
}
