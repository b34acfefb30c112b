//go:build race

package store

// detector is how many times slower the race detector makes SQLite, which is Go here.
const detector = 30
