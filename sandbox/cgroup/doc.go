// Package cgroup puts a sandbox into a control group of its own, where the host lets it.
//
// Only version 2 is used (https://docs.kernel.org/admin-guide/cgroup-v2.html),
// and only a group whose parent hands the controllers on already: as systemd
// leaves it to a user in a session, or to root. Nothing of the host's hierarchy is
// changed but the one group that is made.
package cgroup
