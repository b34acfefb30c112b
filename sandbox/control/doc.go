// Package control is the protocol on a supervisor's unix socket, both ends of it.
//
// A connection carries one call. Everything on it is a frame: a type byte, a
// big-endian 32-bit length, and that many bytes. The client sends one 'J' frame
// with a JSON request and reads one 'J' frame with a JSON reply; after an
// accepted exec the connection carries that program's input and output until
// its exit code. Messages are at most 1 MiB, stream frames 32 KiB, and a call
// takes at most five seconds unless waiting is its purpose. Both ends check
// that the other one runs as their own user: the socket is 0600 in a 0700
// directory and never abstract, because any user can connect to those.
package control
