package sandbox

import (
	"context"
	"fmt"

	"exeat/sandbox/control"
	"exeat/store"
)

// Start brings a stopped sandbox back, idle: same static policy, newest signed
// revision, a new certificate authority.
func (s *Sandboxes) Start(ctx context.Context, name string) (Started, error) {
	info, err := s.Get(ctx, name)
	if err != nil {
		return Started{}, err
	}
	if info.Running {
		return Started{}, &Error{Text: fmt.Sprintf("sandbox %q is running already", name), Way: "exeat sandbox connect " + name}
	}
	return s.start(ctx, info.Sandbox)
}

// start runs a supervisor and returns when it serves, or with its own words for
// why it does not.
func (s *Sandboxes) start(ctx context.Context, box store.Sandbox) (Started, error) {
	private, err := s.readPrivate(box.ID)
	if err != nil {
		return Started{}, err
	}
	started, err := s.serve(ctx, box, private, nil)
	if err != nil {
		return Started{}, err
	}
	return started, s.checkOut(ctx, box)
}

// serve has the spare supervisor, or one started now, run a sandbox.
func (s *Sandboxes) serve(ctx context.Context, box store.Sandbox, private Private, spare *Spare) (Started, error) {
	if spare == nil {
		var err error
		if spare, err = Spawn(); err != nil {
			return Started{}, err
		}
		defer spare.Close()
	}
	launch := s.launch(box.ID, private)
	var err error
	if launch.Secrets, err = s.keyringSecrets(ctx, box); err != nil {
		return Started{}, err
	}
	return spare.serve(ctx, box.Name, launch)
}

func (s *Sandboxes) launch(id string, p Private) control.Launch {
	return control.Launch{
		ID: id, State: s.Dirs.State, Config: s.Dirs.Config, Runtime: s.Dirs.Runtime, Home: s.Home,
		Env: p.Env, GitName: p.GitName, GitEmail: p.GitEmail, Proxy: s.Proxy,
	}
}
