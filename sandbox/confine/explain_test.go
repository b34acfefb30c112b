package confine

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// What AppArmor does cannot be had on every machine: this holds the words, and
// that the command writes the profile which the hint shows.
func TestAppArmor(t *testing.T) {
	message, hint := forbidden(host{appArmor: true, seccomp: true, program: "/opt/exeat"})
	if want := "AppArmor restricts unprivileged user namespaces (kernel.apparmor_restrict_unprivileged_userns is 1)"; message != want {
		t.Errorf("got %q, want %q", message, want)
	}
	const profile = "abi <abi/4.0>,\ninclude <tunables/global>\nprofile exeat /opt/exeat flags=(unconfined) {\n  userns,\n}\n"
	command, shown, _ := strings.Cut(hint, "\nwhich installs this profile as /etc/apparmor.d/exeat:\n")
	write, load, _ := strings.Cut(command, " | sudo tee /etc/apparmor.d/exeat && ")
	if out, err := exec.CommandContext(t.Context(), "sh", "-c", write).Output(); err != nil || string(out) != profile {
		t.Errorf("%s writes %q, %v, want %q", write, out, err, profile)
	}
	if load != "sudo apparmor_parser -r /etc/apparmor.d/exeat" {
		t.Errorf("got %q", load)
	}
	if got := strings.ReplaceAll("\n"+shown, "\n  ", "\n")[1:] + "\n"; got != profile {
		t.Errorf("the hint shows %q, want %q", got, profile)
	}
}

// Root and a process with a profile of its own are not what AppArmor restricts.
func TestNotAppArmor(t *testing.T) {
	late := &StartError{Step: "set the host name", Errno: syscall.EPERM, Message: "operation not permitted"}
	for _, h := range []host{{}, {appArmor: true, root: true}} {
		if got := appArmorError(late, h); got != late {
			t.Errorf("%+v: got %v", h, got)
		}
	}
	if got := appArmorError(late, host{appArmor: true}); got.Step != late.Step || !strings.HasPrefix(got.Message, "AppArmor restricts") {
		t.Errorf("got %v", got)
	}
	for label, want := range map[string]bool{"unconfined": true, "": true, "exeat (unconfined)": false, "docker-default (enforce)": false} {
		if got := unconfined(label); got != want {
			t.Errorf("label %q: got %v", label, got)
		}
	}
	if message, _ := forbidden(host{userns: "0"}); message != "unprivileged user namespaces are switched off (kernel.unprivileged_userns_clone is 0)" {
		t.Errorf("got %q", message)
	}
}

// An id exists in a user namespace where a line of the map has it.
func TestMaps(t *testing.T) {
	const rootless = "         0       1000          1\n         1     100000      65536\n"
	for id, want := range map[int]bool{0: true, 1: true, 65536: true, 65537: false, 0x70000000: false} {
		if got := maps(rootless, id); got != want {
			t.Errorf("%d: got %v", id, got)
		}
	}
	if !maps("         0          0 4294967295\n", 0x70000000) {
		t.Error("the initial user namespace has every id")
	}
}
