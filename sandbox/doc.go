// Package sandbox creates, finds, and removes sandboxes.
//
// It owns what a sandbox is between processes: a row in the store, a directory
// below STATE/sandboxes, and, while it runs, a supervisor holding that
// directory's lock. The lock is the truth about running; the row is a memory.
// This package starts supervisors and speaks to them, it is never one.
package sandbox
