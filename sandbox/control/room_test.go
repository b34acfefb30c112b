package control_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"exeat/sandbox/control"
)

// However many programs run and clients wait, calls are answered, and who cannot wait reads why.
func TestCallsBesideWaiters(t *testing.T) {
	_, path := serve(t)
	client := dial(t, path)
	ctx, cancel := context.WithCancel(t.Context())
	var waiters sync.WaitGroup
	defer waiters.Wait()
	defer cancel()
	const many = 140
	refused := make(chan error, many)
	for range many {
		waiters.Go(func() {
			if _, err := client.Await(ctx, 1); ctx.Err() == nil {
				refused <- err
			}
		})
	}
	for range many - 128 {
		select {
		case err := <-refused:
			var busy *control.Error
			if !errors.As(err, &busy) || busy.Code != control.CodeBusy || busy.Hint() == "" {
				t.Errorf("got %v, want code %s and a hint", err, control.CodeBusy)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("more wait than there is room for")
		}
	}
	if status, err := client.Status(t.Context()); err != nil || status.ID != "s1" {
		t.Errorf("got %+v, %v", status, err)
	}
}
