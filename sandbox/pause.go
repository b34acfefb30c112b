package sandbox

import "context"

// Pause stops every program of a running sandbox, and lets none start, until Resume.
func (s *Sandboxes) Pause(ctx context.Context, name string) error {
	client, err := s.Connect(ctx, name)
	if err != nil {
		return err
	}
	return client.Pause(ctx)
}

// Resume lets the programs of a paused sandbox run again; one that runs is no error.
func (s *Sandboxes) Resume(ctx context.Context, name string) error {
	client, err := s.Connect(ctx, name)
	if err != nil {
		return err
	}
	return client.Resume(ctx)
}
