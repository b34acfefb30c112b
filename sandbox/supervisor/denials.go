package supervisor

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"exeat/policy"
	"exeat/proxy"
	"exeat/store"
)

// denialsMax bounds the text file; past it the older half goes. The whole
// record is in the store: this file is for an agent that reads with tail.
const denialsMax = 1 << 20

// denialsFile is the text the agent reads at /exeat/denials.log. It is one
// inode for the sandbox's life, because it is mounted: never renamed over.
type denialsFile struct {
	mu   sync.Mutex
	file *os.File // guarded by mu
	size int64    // guarded by mu
	told []int64  // guarded by mu; ids written lately
}

// toldMax is how many ids are remembered: denials that come over and over share
// a record, and are told once.
const toldMax = 256

// first says whether a denial is new here.
func (f *denialsFile) first(id int64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if slices.Contains(f.told, id) {
		return false
	}
	if len(f.told) == toldMax {
		f.told = slices.Delete(f.told, 0, toldMax/2)
	}
	f.told = append(f.told, id)
	return true
}

func openDenials(path string) (*denialsFile, error) {
	file, err := openShown(path, 0)
	if err != nil {
		return nil, fmt.Errorf("denials file: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("denials file: %w", err)
	}
	return &denialsFile{file: file, size: info.Size()}, nil
}

func (f *denialsFile) Close() error { return f.file.Close() }

// append adds one denial. The texts in d are neutralised already.
func (f *denialsFile) append(d store.Decision) error {
	if d.Code == string(policy.CodeAddress) {
		d.Reason = proxy.HiddenAddress
	}
	text := denialText(d, insidePID(d.PID))
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.size+int64(len(text)) > denialsMax {
		if err := f.halveLocked(); err != nil {
			return err
		}
	}
	n, err := f.file.WriteAt([]byte(text), f.size)
	f.size += int64(n)
	return err
}

// halveLocked keeps the newer half, from the start of a record on.
func (f *denialsFile) halveLocked() error {
	keep := make([]byte, min(f.size, denialsMax/2))
	if _, err := f.file.ReadAt(keep, f.size-int64(len(keep))); err != nil {
		return err
	}
	if i := bytes.Index(keep, []byte("\n\n")); i >= 0 {
		keep = keep[i+2:]
	}
	if _, err := f.file.WriteAt(keep, 0); err != nil {
		return err
	}
	f.size = int64(len(keep))
	return f.file.Truncate(f.size)
}

// denialText is a denial as every view of it shows it: the tutorial's fields in
// the tutorial's order, then who asked, under which revision, and the id.
func denialText(d store.Decision, pid string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "time:           %s\n", d.Time.UTC().Format("2006-01-02T15:04:05.000Z"))
	for _, field := range d.Fields(pid) {
		fmt.Fprintf(&b, "%-16s%s\n", field[0]+":", field[1])
	}
	b.WriteByte('\n')
	return b.String()
}

// insidePID is a process's number in its own pid namespace: the host's numbers
// are not shown inside. "-" when the process is gone.
func insidePID(pid int) string {
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		return "-"
	}
	for line := range strings.Lines(string(status)) {
		if ids, ok := strings.CutPrefix(line, "NSpid:"); ok {
			if all := strings.Fields(ids); len(all) > 1 {
				return all[len(all)-1]
			}
		}
	}
	return "-"
}
