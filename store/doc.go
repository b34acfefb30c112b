// Package store keeps everything that outlives a process in one SQLite database.
//
// Many processes use it at once: short-lived commands, the MCP servers, and one
// supervisor a sandbox. What they write is small and goes to STATE/exeat.db. What
// traffic causes goes elsewhere, because a flood of denials in one sandbox must not
// make an approval wait: each sandbox has decision files of its own,
// STATE/decisions-SANDBOX-FIRST.db, written by its supervisor alone and named after
// the first id they hold. They rotate by size and are deleted whole, never row by
// row: a full disk refuses DELETE but not unlink. Beside them lies a ballast, which a
// full disk gets for what was let through before it was known to be full.
//
// The package holds plain records and no rules about them; no SQLite type leaves it.
// Text that comes out of a sandbox is made harmless once, when it is written (see
// neutral.go), so every reader can print it as it stands. Everything else is kept as
// it was given.
//
// Nothing here may open a database file except through SQLite: closing any other
// descriptor of it would drop the POSIX locks this process holds on it
// (https://www.sqlite.org/howtocorrupt.html, section 2.2).
package store
