// Package sockets carries out a sandbox's connects to unix sockets, to those that were made inside it and to no others.
//
// Neither a network namespace nor a read-only mount stops connect(2) on a
// socket file: one of the host's in a mounted directory leads out of the
// sandbox, to an agent for keys, a database, a container engine. So there is no
// rule about places. Each connect is held; the path is resolved once, as the
// caller would resolve it, to an inode; and that very inode is connected only
// if a socket of the sandbox's own network namespace is bound to it and none of
// the host's is. A socket made inside works everywhere, one made outside nowhere.
package sockets
