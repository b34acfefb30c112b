// Package supervisor is the process that owns one sandbox: its child, its proxy, its policy, and its control socket.
//
// It is started by package sandbox as a hidden role of the binary, in a session
// of its own, and everything of the sandbox dies with it. Before init is
// released it has verified every signature since the sandbox was created,
// compiled the policy, and serves the doors: a sandbox without enforcement does
// not exist, not even for a moment.
package supervisor
