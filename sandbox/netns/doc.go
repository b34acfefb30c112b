// Package netns builds a sandbox's network, whose only way out is the proxy.
//
// A sandbox has one interface, lo, and no route that leaves it. [Setup] runs
// inside, while there are capabilities: every address becomes local ("AnyIP"),
// nf_tables redirects TCP and DNS to sockets made there, and those sockets go to
// the supervisor, which serves them from the host ([Adopt]). What is neither
// TCP nor DNS meets a local address on which nothing listens and is refused at
// once, QUIC included; were the redirect to fail, so would everything else.
//
// On a kernel that cannot redirect, listeners on all addresses stand in for it,
// one for each port that is to be captured ([OpenPort]). The other ports stay
// refused, and nobody hears of the attempts.
//
// [Names] answers the DNS questions: each name gets an address of its own from
// 198.18.0.0/15, so that a connection says which name it was made for. No
// question leaves the sandbox.
package netns
