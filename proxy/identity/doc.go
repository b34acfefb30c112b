// Package identity finds the process behind a connection.
//
// Every connect() in a sandbox is held by seccomp until the supervisor has read who makes it: the
// executable, its ancestors and its content, bound to the socket by the kernel's socket cookie.
// When the connection arrives at the proxy, the cookie is asked of the kernel and leads back to that
// record. No record, no identity: nothing is guessed from what can be seen later, because by then the
// process may have executed another program, passed the socket on, or ended.
//
// The owner of a connection is the process that called connect(), whoever writes to it afterwards.
// An allowed program that hands its socket to another one is the limit of this.
//
// A path says little about a program that runs the agent's own code, so the executable mappings are looked at
// as well (taint). exit_group() is held to note whom the children of an ending process descend from. Where the kernel
// gives no seccomp listener, a strict scan of who has the connection open takes the place of all this.
package identity
