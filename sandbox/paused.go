package sandbox

import (
	"context"
	"sync"
	"time"

	"exeat/sandbox/control"
)

// pausedTime is what the supervisors have to say whether they are paused. One
// that says nothing counts as running, which its lock proves.
const pausedTime = 500 * time.Millisecond

// Paused asks the supervisors of all that run, side by side, and returns for
// each id why it is paused; those that are not are not in it.
func (s *Sandboxes) Paused(ctx context.Context, all []Info) map[string]string {
	ctx, cancel := context.WithTimeout(ctx, pausedTime)
	defer cancel()
	why := make([]string, len(all))
	var asked sync.WaitGroup
	for i, info := range all {
		if info.Running {
			asked.Go(func() { why[i] = s.paused(ctx, info.ID) })
		}
	}
	asked.Wait()
	reasons := map[string]string{}
	for i, info := range all {
		if why[i] != "" {
			reasons[info.ID] = why[i]
		}
	}
	return reasons
}

func (s *Sandboxes) paused(ctx context.Context, id string) string {
	client, err := control.Dial(ctx, s.Dirs.Socket(id))
	if err != nil {
		return ""
	}
	why, err := client.Paused(ctx)
	if err != nil {
		return ""
	}
	return why
}
