// Package world runs a program on a machine of its own made of namespaces, with its own hosts, names and certificate roots.
//
// The demo and the tests need a GitHub that they may push to, and a binary
// without a single switch that would make it trust one. So the world changes
// and the binary does not: in a network namespace the public-looking addresses
// of a few names lead to the loopback device, in a mount namespace /etc/hosts
// and the certificate bundle say so, and in a process namespace everything
// ends with the program. It works for root and for an ordinary user.
package world
