package store

import (
	"context"
	"time"
)

// Bounds are the limits of a log that tests make small.
type Bounds struct {
	Queue     int
	FileBytes int64
	Files     int
	Patience  time.Duration
	Stall     time.Duration
}

// OpenDecisionsBounded opens a log with other limits; zero fields keep the default.
func OpenDecisionsBounded(ctx context.Context, d Dirs, sandbox string, b Bounds) (*DecisionLog, error) {
	lim := defaultLimits()
	if b.Queue > 0 {
		lim.queue, lim.reserve = b.Queue, b.Queue
	}
	if b.FileBytes > 0 {
		lim.fileBytes = b.FileBytes
	}
	if b.Files > 0 {
		lim.files = b.Files
	}
	if b.Patience > 0 {
		lim.patience = b.Patience
	}
	if b.Stall > 0 {
		lim.stall = b.Stall
	}
	return openDecisions(ctx, d, sandbox, lim)
}
