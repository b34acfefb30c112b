//go:build !race

package store

const detector = 1
