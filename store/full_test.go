package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"exeat/store"
)

// A full disk is said in clear words, admits nothing unrecorded, leaves what is
// stored readable, and is over as soon as there is space.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	c := child(t, "full", t.TempDir())
	c.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}},
	}
	err := c.Start()
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSPC) {
		t.Fatalf("needs unprivileged user namespaces (user.max_user_namespaces): %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err != nil {
		t.Fatal(err)
	}
}

// fillDisk runs in a mount namespace of its own.
func fillDisk(d store.Dirs) error {
	for _, mib := range []int{1, 2, 4} {
		base := filepath.Join(filepath.Dir(d.State), fmt.Sprint(mib))
		err := os.Mkdir(base, 0o700)
		if err == nil {
			err = unix.Mount("tmpfs", base, "tmpfs", 0, fmt.Sprintf("size=%dm,mode=700", mib))
		}
		if err == nil {
			err = fillOne(base)
		}
		if err != nil {
			return fmt.Errorf("disk of %d MiB: %w", mib, err)
		}
	}
	return nil
}

func fillOne(base string) error {
	ctx, d := context.Background(), below(base)
	if err := store.Prepare(d); err != nil {
		return err
	}
	st, err := store.Open(ctx, d)
	if err != nil {
		return err
	}
	l, err := store.OpenDecisions(ctx, d, box)
	if err != nil {
		return err
	}
	r, err := store.OpenDecisionReader(ctx, d, box)
	if err != nil {
		return err
	}
	f := &fullDisk{base: base, dirs: d, store: st, log: l, reader: r}
	for _, step := range []func(context.Context) error{f.admitted, f.gapWhileFull, f.nothingLeft, f.recovered} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return errors.Join(l.Close(), f.sound(), r.Close(), st.Close())
}

// fullDisk is a disk in the course of TestFullDisk.
type fullDisk struct {
	base     string
	dirs     store.Dirs
	store    *store.Store
	log      *store.DecisionLog
	reader   *store.DecisionReader
	recorded int // decisions that were taken
	refused  int
}

// admitted fills the disk while decisions are queued: those that were let through
// come to disk all the same, then nothing more is let through.
func (f *fullDisk) admitted(ctx context.Context) error {
	if err := until("a first decision", func() bool { f.recorded = 1; _, err := f.log.Enqueue(allowed()); return err == nil }); err != nil {
		return err
	}
	if _, err := f.log.Record(ctx, denial()); err != nil {
		return err
	}
	f.recorded++
	if err := f.fill("rest"); err != nil {
		return err
	}
	for range 50 {
		if _, err := f.log.Enqueue(allowed()); err != nil {
			return fmt.Errorf("before the disk was known to be full: %w", err)
		}
		f.recorded++
	}
	if err := f.begin(ctx); err != nil {
		return fmt.Errorf("before the disk was known to be full: %w", err)
	}
	f.recorded++
	refused := func() bool { _, err := f.log.Enqueue(allowed()); return f.count(err) != nil }
	if err := until("Enqueue is refused", refused); err != nil {
		return err
	}
	return until("what was let in is on the full disk", func() bool { _, n := f.read(ctx); return n == f.recorded })
}

// begin records a decision that is acted on meanwhile, and waits for it.
func (f *fullDisk) begin(ctx context.Context) error {
	_, committed, err := f.log.Begin(ctx, allowed())
	if err != nil {
		return err
	}
	return committed(ctx)
}

// gapWhileFull: a refusal takes 50 ms and is counted on disk while that is full.
func (f *fullDisk) gapWhileFull(ctx context.Context) error {
	best := time.Hour
	for range 5 {
		start := time.Now()
		_, err := f.log.Enqueue(allowed())
		best = min(best, time.Since(start))
		if err := checkFull("Enqueue", f.count(err)); err != nil {
			return err
		}
	}
	if best > 75*time.Millisecond {
		return fmt.Errorf("refusing took %v, want 50 ms", best)
	}
	_, committed, err := f.log.Begin(ctx, allowed())
	if err := checkFull("Begin", f.count(err)); err != nil || committed != nil {
		return fmt.Errorf("a request would have been sent: %w", err)
	}
	return until("the refusals are recorded on the full disk", func() bool { n, _ := f.read(ctx); return n == f.refused })
}

// nothingLeft has others take what the ballast gave.
func (f *fullDisk) nothingLeft(ctx context.Context) error {
	if err := f.fill("more"); err != nil {
		return err
	}
	var err error
	for i := 0; err == nil; i++ {
		row := denial()
		row.Target = fmt.Sprint("/path/", i)
		_, err = f.log.Record(ctx, row)
		f.count(err)
	}
	if err := checkFull("Record", err); err != nil {
		return err
	}
	_, err = f.log.Enqueue(allowed())
	if err := checkFull("Enqueue", f.count(err)); err != nil {
		return err
	}
	for err = nil; err == nil; {
		_, err = f.store.AppendAudit(ctx, store.AuditEntry{Action: "test", Detail: make([]byte, 4096)})
	}
	if err := checkFull("AppendAudit", err); err != nil {
		return err
	}
	if _, n := f.read(ctx); n != f.recorded {
		return fmt.Errorf("read %d decisions on a full disk, want %d", n, f.recorded)
	}
	return nil
}

// recovered: service goes on by itself, and the record says what was missed.
func (f *fullDisk) recovered(ctx context.Context) error {
	if err := errors.Join(os.Remove(filepath.Join(f.base, "rest")), os.Remove(filepath.Join(f.base, "more"))); err != nil {
		return err
	}
	// Nobody asks for anything any more: what was refused is written all the same.
	if err := until("all refusals are recorded", func() bool { n, _ := f.read(ctx); return n == f.refused }); err != nil {
		return err
	}
	again := func() bool { _, err := f.log.Enqueue(allowed()); return f.count(err) == nil }
	if err := until("decisions are taken again", again); err != nil {
		return err
	}
	_, err := f.log.Record(ctx, denial())
	if f.count(err) != nil {
		return fmt.Errorf("after space returned: %w", err)
	}
	if _, err := f.store.AppendAudit(ctx, store.AuditEntry{Action: "test"}); err != nil {
		return fmt.Errorf("after space returned: %w", err)
	}
	if _, err := f.store.VerifyAudit(ctx); err != nil {
		return err
	}
	return until("all is recorded", func() bool { refused, n := f.read(ctx); return refused == f.refused && n == f.recorded })
}
