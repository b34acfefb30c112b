package control

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"exeat/sandbox/tree"
)

// Dir is a sandbox's own directory, where both ends of the protocol meet on
// disk: the lock that says whether anyone serves, and what the next supervisor
// will need.
type Dir string

// Home is the sandbox's /sandbox.
func (d Dir) Home() string { return filepath.Join(string(d), "home") }

// Logs is the sandbox's /var/log.
func (d Dir) Logs() string { return filepath.Join(string(d), "log") }

// Denials is the text file the agent reads at /exeat/denials.log, and at
// /var/log/exeat/denials.log.
func (d Dir) Denials() string { return filepath.Join(d.Logs(), "exeat", "denials.log") }

// Bundle is the certificates the sandbox trusts, of the present run.
func (d Dir) Bundle() string { return filepath.Join(string(d), "ca-bundle.pem") }

// Keystore is the same for Java.
func (d Dir) Keystore() string { return filepath.Join(string(d), "ca-bundle.jks") }

// Log is where a supervisor writes what it has to say.
func (d Dir) Log() string { return filepath.Join(string(d), "supervisor.log") }

// Private holds the values of --env, which the row does not.
func (d Dir) Private() string { return filepath.Join(string(d), "private.json") }

// Handoff is the state of the workdir's hand-off files to compare with, and what
// they contained.
func (d Dir) Handoff() string { return filepath.Join(string(d), "handoff") }

// Refs is what a sandbox's repository began with, see package repo.
func (d Dir) Refs() string { return filepath.Join(string(d), "refs") }

// NewRefs is Refs until the files have been checked out.
func (d Dir) NewRefs() string { return filepath.Join(string(d), "refs.new") }

func (d Dir) lock() string { return filepath.Join(string(d), "lock") }

// ErrLocked says that a supervisor serves this sandbox, or somebody starts or deletes it.
var ErrLocked = errors.New("sandbox is in use")

// TryLock takes the sandbox's lock, or returns ErrLocked. Closing the file or
// dying releases it, so it never lies about who lives.
func (d Dir) TryLock() (*os.File, error) {
	file, err := os.OpenFile(d.lock(), os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil {
		return file, nil
	}
	file.Close()
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, ErrLocked
	}
	return nil, err
}

// Locked says whether a supervisor lives. It asks by taking the lock for an
// instant, which is why Lock tries again before it gives up.
func (d Dir) Locked() (bool, error) {
	file, err := d.TryLock()
	switch {
	case errors.Is(err, ErrLocked):
		return true, nil
	case errors.Is(err, os.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	}
	return false, file.Close()
}

// lockInterval is how often a lock that somebody holds is asked for again.
const lockInterval = 3 * time.Millisecond

// Lock takes the lock as soon as its holder lets go; ErrLocked when ctx ends first.
func (d Dir) Lock(ctx context.Context) (*os.File, error) {
	tick := time.NewTicker(lockInterval)
	defer tick.Stop()
	for {
		file, err := d.TryLock()
		if !errors.Is(err, ErrLocked) {
			return file, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, ErrLocked
		}
	}
}

// How often a supervisor that is starting is dialled again, and for how long: a start
// takes fifteen seconds at most.
const (
	dialInterval = 10 * time.Millisecond
	dialPatience = 15 * time.Second
)

// Dial is the function Dial for whoever changes what a start reads. A supervisor has
// the lock before it reads, and answers long after: until the lock is free, that nobody
// answers does not mean that nobody goes by what was there before.
func (d Dir) Dial(ctx context.Context, socket string) (*Client, error) {
	ctx, cancel := context.WithTimeout(ctx, dialPatience)
	defer cancel()
	tick := time.NewTicker(dialInterval)
	defer tick.Stop()
	for {
		client, err := Dial(ctx, socket)
		if !errors.Is(err, ErrNotRunning) {
			return client, err
		}
		if locked, lockErr := d.Locked(); !locked {
			return nil, errors.Join(err, lockErr)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for the supervisor: %w", ErrLocked)
		}
	}
}

// Remove deletes the directory, with all that the agent has made in its home.
func (d Dir) Remove() error { return tree.Remove(string(d)) }
