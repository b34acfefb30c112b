// Package repo reads a git repository of the host and lays out others over its objects: the sandbox's own, and scratch ones.
//
// A sandbox that works on a repository gets a git directory of its own: HEAD,
// refs, index, configuration and hooks are private, only the object database of
// the host is shared, read-only, by git's alternates (gitrepository-layout(5)). So
// a repository of any size costs nothing, and nothing that the host's git runs or
// reads can be written from inside. What is laid out are a few text files, written
// here; no git of the host runs in a directory that a sandbox can write.
package repo
