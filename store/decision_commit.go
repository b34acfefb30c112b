package store

import (
	"context"
	"errors"
	"math"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// save commits a batch, on a full disk in the place of the ballast.
func (w *decisionWriter) save(ctx context.Context, work *batch) error {
	err := w.stay(ctx)
	if err == nil {
		err = w.commit(ctx, work)
	}
	if errors.Is(err, unix.ENOSPC) && w.ballast.drop() {
		return w.commit(ctx, work)
	}
	return err
}

// room returns nil while the disk has place for what is let in before it is
// written: then the ballast is there, or fits again.
func (w *decisionWriter) room() error {
	err := w.ballast.lay()
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		full := *diskFull(w.newest.db.path)
		full.Problem += " beside what is kept in reserve for the record (8 MiB)"
		return &full
	}
	return err
}

// commit writes a batch. What it has written of a batch that fails, it has taken
// out of it.
func (w *decisionWriter) commit(ctx context.Context, work *batch) (err error) {
	if work.empty() && !w.failed {
		return nil
	}
	defer func() { w.failed = err != nil }()
	if work.empty() {
		return w.newest.probe(ctx)
	}
	work.neutralise()
	work.merge()
	if err := w.commitOlder(ctx, work); err != nil {
		return err
	}
	if err := w.newest.write(ctx, work.entries, work.endings); err != nil {
		return err
	}
	for i := range work.entries {
		w.last = max(w.last, work.entries[i].ID)
	}
	return nil
}

// commitOlder writes what belongs to files before the newest: the endings of
// long requests, and repeats that were queued while the file was changed.
func (w *decisionWriter) commitOlder(ctx context.Context, work *batch) error {
	newest := w.firsts[len(w.firsts)-1]
	for lowest := work.lowest(); lowest < newest; lowest = work.lowest() {
		i := fileOf(w.firsts, lowest)
		part := work.below(w.firsts[i+1])
		if i >= 0 { // else its record is deleted; that can only be an ending
			if err := w.writeOlder(ctx, w.firsts[i], part); err != nil {
				return err
			}
		}
		work.drop(w.firsts[i+1])
		answer(part.entries, nil)
	}
	return nil
}

func (w *decisionWriter) writeOlder(ctx context.Context, first int64, part batch) error {
	f, err := w.openFile(ctx, first)
	if err != nil {
		return err
	}
	return errors.Join(f.write(ctx, part.entries, part.endings), f.close())
}

func (b *batch) lowest() int64 {
	lowest := int64(math.MaxInt64)
	for i := range b.entries {
		lowest = min(lowest, b.entries[i].ID)
	}
	for i := range b.endings {
		lowest = min(lowest, b.endings[i].id)
	}
	return lowest
}

// below returns a copy of what has an id below the limit.
func (b *batch) below(limit int64) (part batch) {
	for _, e := range b.entries {
		if e.ID < limit {
			part.entries = append(part.entries, e)
		}
	}
	for _, e := range b.endings {
		if e.id < limit {
			part.endings = append(part.endings, e)
		}
	}
	return part
}

func (b *batch) drop(limit int64) {
	b.entries = slices.DeleteFunc(b.entries, func(e entry) bool { return e.ID < limit })
	b.endings = slices.DeleteFunc(b.endings, func(e ending) bool { return e.id < limit })
}

// stay begins a new file when somebody has moved the newest away, as whoever finds it
// damaged is told to, or removed it: what no reader finds is no record.
func (w *decisionWriter) stay(ctx context.Context) error {
	if w.newest.isThere() {
		return nil
	}
	w.newest.close() //nolint:errcheck // first: it removes what has the name of its journal
	next, err := w.openFile(ctx, w.last+1)
	if err != nil {
		return err
	}
	w.newest = next
	if first := w.last + 1; first != w.firsts[len(w.firsts)-1] {
		w.firsts = append(w.firsts, first)
	}
	return nil
}

// rotate begins a new file when the newest has reached its size, and deletes the
// oldest beyond the number kept. When there is no room for a new file, the old
// one goes on until there is.
func (w *decisionWriter) rotate(ctx context.Context) bool {
	info, err := os.Stat(w.newest.db.path)
	if err != nil || info.Size() < w.limits.fileBytes || !w.ballast.held {
		return false
	}
	first := w.last + 1
	if first == w.firsts[len(w.firsts)-1] {
		return false // nothing in it yet
	}
	next, err := w.openFile(ctx, first)
	if err != nil {
		removeDatabase(decisionsPath(w.dirs, w.sandbox, first)) //nolint:errcheck // tried again after the next commit
		return false
	}
	w.newest.close() //nolint:errcheck // all of it is committed
	w.newest, w.firsts = next, append(w.firsts, first)
	for len(w.firsts) > w.limits.files {
		if removeDatabase(decisionsPath(w.dirs, w.sandbox, w.firsts[0])) != nil {
			break
		}
		w.firsts = w.firsts[1:]
	}
	return true
}
