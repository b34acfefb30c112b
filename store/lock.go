package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// How long to try for a lock that others hold for about a millisecond, and how often.
const (
	lockPatience = 5 * time.Second
	lockInterval = time.Millisecond
)

// lock takes the flock of a file of its own beside the database; closing the file
// or dying gives it back.
func lock(ctx context.Context, path string) (*os.File, error) {
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	for {
		file, err := tryLock(path)
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return file, err
		}
		select {
		case <-ctx.Done():
			problem := fmt.Sprintf("is being opened by another process: %v", context.Cause(ctx))
			return nil, &DatabaseError{Path: path, Problem: problem, Err: ctx.Err(), hint: "fuser -v " + quote(path)}
		case <-time.After(lockInterval):
		}
	}
}

// tryLock returns unix.EWOULDBLOCK if somebody else has the lock.
func tryLock(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return file, nil
		}
		if !errors.Is(err, unix.EINTR) {
			file.Close()
			return nil, err
		}
	}
}
