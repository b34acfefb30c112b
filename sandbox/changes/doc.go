// Package changes takes what a sandbox made of its repository as data, checks it, and shows it or brings chosen parts back.
//
// A git directory that an agent can write is a program: its configuration names
// commands for git to run (core.fsmonitor, diff.external, filters, hooks), and so
// do its work tree and any repository nested in it. Therefore no git of the host
// ever reads one. The git inside writes a pack of objects; the host unpacks it into
// a scratch repository of its own, with every check git has, and works only there.
package changes
