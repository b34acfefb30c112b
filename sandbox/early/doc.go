// Package early starts the processes of a new sandbox while the rest of this binary is still being initialised.
//
// A sandbox is made by three processes of one binary: the command line starts a
// supervisor, and that clones an init. Packages that none of the three needs for
// this take several milliseconds to initialise in each (the MCP library compiles
// JSON Schemas). Begun one after the other that would be most of a start; so each
// process starts the next one in the init function of this package, which comes
// before theirs (Go specification, "Package initialization"), and the three
// initialise themselves side by side. Nothing depends on it: what was not begun
// here is begun when it is asked for.
package early
