package confine

import (
	"fmt"
	"syscall"

	"exeat/sandbox/netns"
)

// State says how much of something this machine has.
type State string

// The states of a [Finding].
const (
	Present State = "present"
	Partial State = "partial"
	Missing State = "missing"
	// Unknown is what could not be tried, for lack of something else.
	Unknown State = "unknown"
)

// Finding is what this machine has of one thing that sandboxes are made of.
type Finding struct {
	// Name is what was tried.
	Name string `json:"name"`
	// State is how much of it there is.
	State State `json:"state"`
	// Detail is what there is, or why there is not.
	Detail string `json:"detail"`
	// Lost is what a sandbox does without; empty where nothing is.
	Lost string `json:"lost,omitempty"`
	// Advice is what to do about it, a command where there is one.
	Advice string `json:"advice,omitempty"`
	// Essential: without it no sandbox can be made.
	Essential bool `json:"essential"`
}

// Stops says whether no sandbox can be made because of it.
func (f Finding) Stops() bool { return f.Essential && f.State == Missing }

// Lacks are what this kernel does not have and the sandbox does without.
func (b *Box) Lacks() []Finding {
	var all []Finding
	for _, f := range []Finding{
		redirectFinding(b.report.NoRedirect, b.report.RedirectRules),
		listenerFinding(b.report.NoListener),
		landlockFinding(b.report.LandlockABI, b.report.NoLandlock),
	} {
		if f.State == Missing {
			all = append(all, f)
		}
	}
	return all
}

func redirectFinding(reason string, rules int) Finding {
	f := Finding{Name: "nf_tables with nat and conntrack netlink", State: Present, Detail: fmt.Sprintf("%d rules of a redirect in force", rules)}
	if reason != "" {
		f.State, f.Detail = Missing, "this kernel cannot redirect connections ("+reason+")"
		f.Lost = "attempts on ports that the policy does not name, but 80 and 443, are refused and not recorded; a program cannot listen on those ports"
		f.Advice = netns.LoadModules
	}
	return f
}

func listenerFinding(errno syscall.Errno) Finding {
	f := Finding{Name: "seccomp notification", State: Present, Detail: "each connect(2) can be held"}
	if errno == 0 {
		return f
	}
	f.State, f.Detail, f.Advice = Missing, fmt.Sprintf("this kernel gives no seccomp listener (%v)", errno), "use Linux 5.5 or later"
	if errno == syscall.EBUSY {
		f.Detail = "a seccomp filter around this process has the one listener there can be (as in LXC, podman and systemd-nspawn)"
		f.Advice = "run exeat outside of that container, or without its seccomp notification"
	}
	f.Lost = "who opens a connection is found by scanning all processes: each that shares it must be allowed, and one that ends or hands it on at once is denied"
	return f
}

func landlockFinding(abi int, reason string) Finding {
	f := Finding{Name: "Landlock", State: Present, Detail: landlockDetail(abi)}
	switch {
	case abi == 0:
		f.State, f.Detail, f.Advice = Missing, reason, landlockAdvice
		f.Lost = "the second lock on files: only mounts keep a sandbox to its view; a policy with hard_requirement is refused"
	case abi < 6:
		f.State, f.Advice = Partial, "use Linux 6.12 or later"
		f.Lost = "the second lock on signals and abstract unix sockets (ABI 6), and on sockets in mounted directories (ABI 9)"
	case abi < 9:
		f.State, f.Advice = Partial, "use a kernel with Landlock ABI 9"
		f.Lost = "Landlock's own lock on unix sockets in mounted directories (ABI 9): the supervisor refuses those of the host in its place, and unix datagram sockets do not exist inside"
	}
	return f
}
