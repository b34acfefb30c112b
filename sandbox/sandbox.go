package sandbox

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"exeat/sandbox/control"
	"exeat/store"
)

// Sandboxes are the sandboxes of one user.
type Sandboxes struct {
	Dirs  store.Dirs
	Store *store.Store
	Home  string // the user's home directory, which is never mounted as a whole
	// Keyring reads the secret of a provider that is kept in the desktop's keyring.
	Keyring func(ctx context.Context, provider string) (string, error)
	Proxy   string // HTTPS_PROXY of this environment
}

// Info is a sandbox as it is now.
type Info struct {
	store.Sandbox
	Running bool // its supervisor lives, whatever State says
}

// Started is what a supervisor reported when it was ready.
type Started struct {
	PID      int
	Warnings []string // what the policy asked for and this machine does not have
}

// CheckName says whether name can be a sandbox's: it becomes a host name inside.
func CheckName(name string) error {
	if validName(name) {
		return nil
	}
	return &Error{
		Text: fmt.Sprintf("sandbox name %q: use 1 to 63 lower-case letters, digits and inner dashes", name),
		Way:  "exeat sandbox create my-sandbox -- bash",
	}
}

func validName(name string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	return name != "" && len(name) <= 63 && strings.Trim(name, letters+"-") == "" &&
		!strings.HasPrefix(name, "-") && !strings.HasSuffix(name, "-")
}

// Get finds a sandbox by name. ErrNotFound comes with the nearest name as hint.
func (s *Sandboxes) Get(ctx context.Context, name string) (Info, error) {
	box, err := s.Store.SandboxByName(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return Info{}, s.unknown(ctx, name)
	}
	if err != nil {
		return Info{}, fmt.Errorf("find sandbox %q: %w", name, err)
	}
	return s.info(box)
}

// List returns every sandbox, in the store's order, and removes what killed
// creations and deletions have left.
func (s *Sandboxes) List(ctx context.Context) ([]Info, error) {
	s.sweep(ctx)
	boxes, err := s.Store.Sandboxes(ctx)
	if err != nil {
		return nil, fmt.Errorf("list sandboxes: %w", err)
	}
	all := make([]Info, 0, len(boxes))
	for _, box := range boxes {
		info, err := s.info(box)
		if err != nil {
			return nil, err
		}
		all = append(all, info)
	}
	return all, nil
}

func (s *Sandboxes) info(box store.Sandbox) (Info, error) {
	running, err := s.dir(box.ID).Locked()
	if err != nil {
		return Info{}, fmt.Errorf("lock of sandbox %q: %w", box.Name, err)
	}
	return Info{Sandbox: box, Running: running}, nil
}

// Connect returns a client of the sandbox's supervisor.
func (s *Sandboxes) Connect(ctx context.Context, name string) (*control.Client, error) {
	info, err := s.Get(ctx, name)
	if err != nil {
		return nil, err
	}
	client, err := control.Dial(ctx, s.Dirs.Socket(info.ID))
	if errors.Is(err, control.ErrNotRunning) {
		return nil, &Error{Text: fmt.Sprintf("sandbox %q is not running", name), Way: "exeat sandbox start " + name, Err: err}
	}
	return client, err
}

// dial is for whoever changes what a sandbox goes by, see control.Dir.Dial.
func (s *Sandboxes) dial(ctx context.Context, id string) (*control.Client, error) {
	return s.dir(id).Dial(ctx, s.Dirs.Socket(id))
}

func (s *Sandboxes) dir(id string) control.Dir { return control.Dir(s.Dirs.Sandbox(id)) }
