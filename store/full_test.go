package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"exeat/store"
)

// A full disk is said in clear words, admits nothing unrecorded, leaves what is
// stored readable, and is over as soon as there is space.
func TestFullDisk(t *testing.T) {
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

// fillDisk runs in a mount namespace of its own, on a disk of 2 MiB.
func fillDisk(d store.Dirs) error {
	ctx := context.Background()
	base := filepath.Dir(d.State)
	if err := unix.Mount("tmpfs", base, "tmpfs", 0, "size=2m,mode=700"); err != nil {
		return fmt.Errorf("mount tmpfs: %w", err)
	}
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
	ballast := filepath.Join(base, "ballast")
	if err := fillWith(ballast); err != nil {
		return err
	}
	recorded := 0
	for err = nil; err == nil; recorded++ {
		row := denial()
		row.Target = fmt.Sprint("/path/", recorded)
		_, err = l.Record(ctx, row)
	}
	if err := checkFull("Record", err); err != nil {
		return err
	}
	_, err = l.Enqueue(allowed())
	if err := checkFull("Enqueue", err); err != nil {
		return err
	}
	for err = nil; err == nil; {
		_, err = st.AppendAudit(ctx, store.AuditEntry{Action: "test", Detail: make([]byte, 4096)})
	}
	if err := checkFull("AppendAudit", err); err != nil {
		return err
	}
	return errors.Join(recoverSpace(ctx, d, ballast, recorded-1, st, l), l.Close(), st.Close())
}

func fillWith(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	for _, size := range []int{64 << 10, 4 << 10} {
		for err = nil; err == nil; {
			_, err = file.Write(make([]byte, size))
		}
		if !errors.Is(err, unix.ENOSPC) {
			return err
		}
	}
	return nil
}

// checkFull wants one sentence that names the file, and a command to look with.
func checkFull(what string, err error) error {
	var problem *store.DatabaseError
	if !errors.As(err, &problem) || !errors.Is(err, unix.ENOSPC) {
		return fmt.Errorf("%s on a full disk: got %v (%T), want a DatabaseError of ENOSPC", what, err, err)
	}
	if !strings.Contains(err.Error(), "no space left") || !strings.HasPrefix(problem.Hint(), "df -h /") {
		return fmt.Errorf("%s on a full disk: got %q, hint %q", what, err, problem.Hint())
	}
	return nil
}

func recoverSpace(ctx context.Context, d store.Dirs, ballast string, want int, st *store.Store, l *store.DecisionLog) error {
	r, err := store.OpenDecisionReader(ctx, d, box)
	if err != nil {
		return fmt.Errorf("read on a full disk: %w", err)
	}
	defer r.Close()
	page, err := r.Decisions(ctx, store.DecisionFilter{Limit: want + 100})
	if err != nil || len(page) != want {
		return fmt.Errorf("on a full disk: got %d decisions, want %d; %w", len(page), want, err)
	}
	if err := os.Remove(ballast); err != nil {
		return err
	}
	if _, err := l.Record(ctx, denial()); err != nil {
		return fmt.Errorf("after space returned: %w", err)
	}
	if _, err := l.Enqueue(allowed()); err != nil {
		return fmt.Errorf("after space returned: %w", err)
	}
	if _, err := st.AppendAudit(ctx, store.AuditEntry{Action: "test"}); err != nil {
		return fmt.Errorf("after space returned: %w", err)
	}
	_, err = st.VerifyAudit(ctx)
	return err
}
