// Package baseline remembers the hand-off files of a live working directory, says what became of them, and puts them back.
//
// The directory is the host's own tree and a sandbox may have written any of it,
// before or while this package reads. No path is resolved through a symlink of
// the tree, nothing but regular files is opened, and every search is bounded.
package baseline
