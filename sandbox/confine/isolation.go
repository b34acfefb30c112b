package confine

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Mechanism is one part of what confines a sandbox.
type Mechanism struct {
	// Name is "user namespace", "seccomp", "landlock", ...
	Name string
	// State is "on", "off", or "partial" where something less stands in for it.
	State string
	// Detail is what the kernel says of it.
	Detail string
}

// Isolation reads back from the kernel what is in force: of a program where one
// runs, else of the thread that programs are forked from.
func (b *Box) Isolation() ([]Mechanism, error) {
	all, err := b.namespaces()
	if err != nil {
		return nil, err
	}
	status, of, err := b.status()
	if err != nil {
		return nil, err
	}
	all = append(all,
		mechanism("capabilities", noneLeft(status), fmt.Sprintf("effective %s, bounding %s, of %s", status["CapEff"], status["CapBnd"], of)),
		mechanism("no_new_privs", status["NoNewPrivs"] == "1", status["NoNewPrivs"]+", of "+of),
		mechanism("seccomp", status["Seccomp"] == "2", fmt.Sprintf("mode %s, %s filter, of %s", status["Seccomp"], status["Seccomp_filters"], of)),
		b.landlock(),
		mechanism("user namespaces inside", b.report.UserNamespaces == "0", "refused, limit "+b.report.UserNamespaces),
		b.redirect(),
		b.notification(),
	)
	return all, nil
}

func mechanism(name string, on bool, detail string) Mechanism {
	state := "off"
	if on {
		state = "on"
	}
	return Mechanism{Name: name, State: state, Detail: detail}
}

// redirect says how connections get to the supervisor.
func (b *Box) redirect() Mechanism {
	if b.report.NoRedirect == "" {
		return mechanism("redirect", b.report.RedirectRules > 0, fmt.Sprintf("nf_tables, %d rules", b.report.RedirectRules))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	detail := fmt.Sprintf("listener per port, %d ports; other ports are refused and not recorded (%s)", len(b.ports), b.report.NoRedirect)
	return Mechanism{Name: "redirect", State: "partial", Detail: detail}
}

func (b *Box) landlock() Mechanism {
	if b.report.LandlockABI == 0 {
		return ofFinding("landlock", landlockFinding(0, b.report.NoLandlock))
	}
	return mechanism("landlock", true, landlockDetail(b.report.LandlockABI))
}

// ofFinding shows what is missing.
func ofFinding(name string, f Finding) Mechanism {
	return mechanism(name, false, f.Detail+"; lost: "+f.Lost)
}

// namespaces compares init's with our own.
func (b *Box) namespaces() ([]Mechanism, error) {
	var all []Mechanism
	for _, n := range kinds() {
		theirs, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/%s", b.PID, n.file))
		if err != nil {
			return nil, errors.Join(b.ifEnded(), err)
		}
		ours, err := os.Readlink("/proc/self/ns/" + n.file)
		if err != nil {
			return nil, err
		}
		all = append(all, mechanism(n.name+" namespace", theirs != ours, theirs))
	}
	return all, nil
}

func (b *Box) ifEnded() error {
	if b.hasEnded() {
		return ErrEnded
	}
	return nil
}

// status reads the fields of /proc/PID/status of a program, or of the thread.
func (b *Box) status() (fields map[string]string, of string, err error) {
	for _, p := range b.Processes() {
		if f, err := b.readStatus(fmt.Sprintf("%d/status", p.PID)); err == nil {
			return f, fmt.Sprintf("process %d", p.PID), nil
		}
	}
	f, err := b.readStatus(fmt.Sprintf("1/task/%d/status", b.report.Thread))
	return f, "the thread that forks programs", errors.Join(b.ifEnded(), err)
}

func (b *Box) readStatus(path string) (map[string]string, error) {
	text, err := b.read(path)
	if err != nil {
		return nil, err
	}
	fields := map[string]string{}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(line, ":")
		fields[key] = strings.TrimSpace(value)
	}
	return fields, nil
}

// noneLeft says that no set of capabilities has a member.
func noneLeft(status map[string]string) bool {
	for _, set := range []string{"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"} {
		if v, ok := status[set]; !ok || strings.Trim(v, "0") != "" {
			return false
		}
	}
	return true
}

// Landlocked says that the kernel itself refuses unix sockets from outside.
func (b *Box) Landlocked() bool { return b.report.LandlockABI >= resolveUnix }

func landlockDetail(abi int) string {
	switch {
	case abi < 6:
		return fmt.Sprintf("ABI %d: files; signals and abstract sockets are not scoped before ABI 6", abi)
	case abi < resolveUnix:
		return fmt.Sprintf("ABI %d: files, signals, abstract sockets", abi)
	}
	return fmt.Sprintf("ABI %d: files, signals, unix sockets", abi)
}

// notification asks whether anyone can still wait on the listener: the kernel
// reports a hang-up once no task has the filter (seccomp_unotify(2)).
func (b *Box) notification() Mechanism {
	if b.Notify == nil {
		return ofFinding("connect notification", listenerFinding(b.report.NoListener))
	}
	fds := []unix.PollFd{{Fd: int32(b.Notify.Fd()), Events: unix.POLLIN}}
	_, err := unix.Poll(fds, 0)
	on := err == nil && fds[0].Revents&(unix.POLLHUP|unix.POLLNVAL|unix.POLLERR) == 0
	return mechanism("connect notification", on, "every connect(2) waits for the supervisor")
}
