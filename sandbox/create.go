package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"exeat/sandbox/repo"
	"exeat/store"
)

// CreateArgs is everything a new sandbox is made of. The caller has parsed the
// policy and, unless the sandbox is frozen, had the first revision signed.
type CreateArgs struct {
	ID       string // as early.NewID makes them: that of the spare supervisor, where there is one
	Name     string
	Spec     store.Spec     // HostUID and HostGID are filled in
	Revision store.Revision // number 1: text, digest, statement and signature
	Private  Private
	Spare    *Spare       // the supervisor it is to have; nil: one is started
	Repo     *repo.Source // the repository that Spec.Repo is about; nil without one
}

// Private is what only the sandbox's own directory holds, in a 0600 file.
type Private struct {
	Env      map[string]string `json:"env,omitempty"` // values of --env; the row has their names
	GitName  string            `json:"git_name,omitempty"`
	GitEmail string            `json:"git_email,omitempty"`
}

// Create stores a sandbox and starts it, idle. When it cannot start, nothing of
// it stays behind.
func (s *Sandboxes) Create(ctx context.Context, args CreateArgs) (Started, error) {
	if err := CheckName(args.Name); err != nil {
		return Started{}, err
	}
	uid, gid, err := hostIDs(args.ID, args.Spec.Workdir)
	if err != nil {
		return Started{}, err
	}
	args.Spec.HostUID, args.Spec.HostGID = uid, gid
	lock, err := s.makeDir(args)
	if err != nil {
		return Started{}, errors.Join(err, s.dir(args.ID).Remove())
	}
	box := store.Sandbox{ID: args.ID, Name: args.Name, CreatedAt: time.Now(), Spec: args.Spec, State: store.StateStopped}
	args.Revision.Sandbox = args.ID
	err = s.Store.CreateSandbox(ctx, box, args.Revision)
	lock.Close() // from here on the row says that the directory is used
	if err != nil {
		return Started{}, errors.Join(conflict(args.Name, err), s.dir(args.ID).Remove())
	}
	started, err := s.serve(ctx, box, args.Private, args.Spare)
	if err != nil {
		// The caller may have given up (ctx); what was made must go all the same.
		return Started{}, errors.Join(err, s.remove(context.WithoutCancel(ctx), args.ID))
	}
	if err := s.checkOut(ctx, box); err != nil {
		return Started{}, errors.Join(err, s.Delete(context.WithoutCancel(ctx), box.Name))
	}
	return started, nil
}

// makeDir makes STATE/sandboxes/ID with the home and the private file, and
// returns its lock, so that nobody takes it for what a killed creation left.
func (s *Sandboxes) makeDir(args CreateArgs) (*os.File, error) {
	dir := s.dir(args.ID)
	if err := os.MkdirAll(dir.Home(), 0o700); err != nil {
		return nil, fmt.Errorf("sandbox directory: %w", err)
	}
	data, err := json.Marshal(args.Private)
	if err != nil {
		return nil, fmt.Errorf("encode private values: %w", err)
	}
	lock, err := dir.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock of sandbox: %w", err)
	}
	if err := writeNew(dir.Private(), data); err != nil {
		lock.Close()
		return nil, fmt.Errorf("sandbox directory: %w", err)
	}
	if err := s.makeRepo(args); err != nil {
		lock.Close()
		return nil, err
	}
	return lock, nil
}

// writeNew makes a file nobody else can read, and never writes through a link.
func writeNew(path string, data []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Close())
}

func (s *Sandboxes) readPrivate(id string) (Private, error) {
	var p Private
	data, err := os.ReadFile(s.dir(id).Private())
	if err == nil {
		err = json.Unmarshal(data, &p)
	}
	if err != nil {
		return Private{}, fmt.Errorf("private values of sandbox: %w", err)
	}
	return p, nil
}
