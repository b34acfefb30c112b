// Package confine gives up the calling process's rights, then executes the agent.
//
// A [Box] is one sandbox: an init process (pid 1 of its own namespaces, this
// binary again under the name "init") and the programs it starts. [Start] makes
// it and hands out what the caller must serve; nothing runs in it before
// [Box.Go]. [Init] is the other end.
//
// What the programs have is taken away in an order that matters:
//
//  1. clone into user, mount, pid, net, ipc, uts and cgroup namespaces, under
//     one host uid that is never 0;
//  2. the network, while there are capabilities in it (package netns); init does
//     this by itself, and is told only then what else to build;
//  3. the view: detached copies of every source, then pivot_root onto a tmpfs,
//     then the copies attached; no host path is resolved after that;
//  4. user namespaces inside are switched off, /proc is masked;
//  5. one OS thread, never the leader, loses the capability bounding set, gets
//     no_new_privs, a session keyring, Landlock and the seccomp filter; every
//     program is forked from that thread and so inherits all of it;
//  6. the other threads of init drop their capabilities.
//
// Init ends when its control socket does, at any step, and with it everything
// it started: the kernel kills a pid namespace with its first process. It has
// no fallback: what the kernel refuses is a [StartError] that says what to do.
package confine
