package doctor

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"exeat/approvals/seal"
	"exeat/sandbox/confine"
	"exeat/sandbox/supervisor"
	"exeat/store"
)

// examine looks at what is not the kernel's isolation.
func (h Host) examine(ids confine.IDs) []confine.Finding {
	all := []confine.Finding{delegation()}
	if os.Geteuid() == 0 && ids.Check() == nil {
		all = append(all, h.idMapped(ids))
	}
	all = append(all, certificates(), h.git(), h.state())
	if h.DirsErr == nil {
		all = append(all, h.outside(), h.space(), h.approver())
	}
	return all
}

// kernel tells which one this is; what it has is tried, not read from this.
func kernel() confine.Finding {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return confine.Finding{Name: "kernel", State: confine.Unknown, Detail: err.Error()}
	}
	return confine.Finding{
		Name: "kernel", State: confine.Present,
		Detail: fmt.Sprintf("%s %s, %s", unix.ByteSliceToString(u.Sysname[:]), unix.ByteSliceToString(u.Release[:]), unix.ByteSliceToString(u.Machine[:])),
	}
}

// stops is a finding of something without which no sandbox starts.
func stops(f confine.Finding, err error) confine.Finding {
	f.State, f.Detail, f.Advice, f.Lost = confine.Missing, err.Error(), hintOf(err), "no sandbox can be created"
	return f
}

// idMapped tries what makes a workdir of root's writable for a sandbox's own uid.
func (h Host) idMapped(ids confine.IDs) confine.Finding {
	f := confine.Finding{Name: "ID-mapped mounts", State: confine.Present, Detail: "a workdir of root's appears as the sandbox's, and stays root's on disk"}
	dir := nearest(h.Dirs.State)
	tree, err := confine.IDMapped(dir, 0, 0, ids.HostUID, ids.HostGID)
	if err != nil {
		f.State, f.Detail, f.Advice = confine.Missing, err.Error(), hintOf(err)
		f.Lost = "--workdir with a directory of root's on the file system of " + dir
		return f
	}
	tree.Close()
	return f
}

func certificates() confine.Finding {
	f := confine.Finding{Name: "certificate bundle", State: confine.Present, Essential: true}
	roots, err := supervisor.HostRoots()
	if err != nil {
		return stops(f, err)
	}
	f.Detail = fmt.Sprintf("%d roots to verify servers with", roots)
	return f
}

func (h Host) git() confine.Finding {
	f := confine.Finding{Name: "git", State: confine.Present, Detail: h.Git}
	if h.Git == "" {
		f.State, f.Detail = confine.Missing, "not in PATH"
		f.Lost = "git in sandboxes, which use the machine's own, and your name in its commits"
		f.Advice = "sudo apt-get install git"
	}
	return f
}

// state checks the directories, and says the same as whoever makes them.
func (h Host) state() confine.Finding {
	f := confine.Finding{Name: "state directory", State: confine.Present, Detail: h.Dirs.State, Essential: true}
	err := h.DirsErr
	if err == nil {
		err = store.Check(h.Dirs)
	}
	if err != nil {
		return stops(f, err)
	}
	if _, err := os.Stat(h.Dirs.State); errors.Is(err, os.ErrNotExist) {
		f.Detail += " (made on first use)"
	}
	return f
}

// Free space in bytes: what a home, a record and the database need to begin with, and what a start alone writes.
const (
	enough = 1 << 30
	least  = 16 << 20
)

func (h Host) space() confine.Finding {
	f := confine.Finding{Name: "free space", State: confine.Present, Essential: true}
	dir := nearest(h.Dirs.State)
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		f.State, f.Detail = confine.Unknown, fmt.Sprintf("%s: %v", dir, err)
		return f
	}
	free := fs.Bavail * uint64(fs.Bsize)
	f.Detail = fmt.Sprintf("%d MiB below %s", free>>20, dir)
	switch {
	case free < least:
		f = stops(f, fmt.Errorf("only %d MiB are free below %s", free>>20, dir))
		f.Advice = "df -h " + dir
	case free < enough:
		f.State = confine.Partial
		f.Lost = "every request is refused once the record cannot be written (audit_unavailable)"
		f.Advice = "df -h " + dir
	}
	return f
}

func (h Host) approver() confine.Finding {
	f := confine.Finding{Name: "approver key", State: confine.Present}
	key, err := seal.Load(h.KeyFile)
	if err != nil {
		f.State, f.Detail, f.Advice = confine.Missing, err.Error(), hintOf(err)
		f.Lost = "approvals: without a terminal, sandboxes are frozen; at one, the first create makes a key"
		return f
	}
	a := key.Approver()
	f.Detail = fmt.Sprintf("%s %s (%s)", a.Name, a.Fingerprint, a.Strength)
	return f
}

// nearest is the closest directory that exists, at path or above it.
func nearest(path string) string {
	for {
		real, err := filepath.EvalSymlinks(path) // a mount's source may not pass one
		if err == nil || path == filepath.Dir(path) {
			return real
		}
		path = filepath.Dir(path)
	}
}
