package supervisor

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"exeat/sandbox/confine"
)

// guardInterval is how often the mounts are read though the kernel reported no
// change: a rename on the host moves a mount silently.
const guardInterval = 2 * time.Second

// openPins opens the list of mounts, and leaves out what could not be protected
// because the sandbox's user may not go there.
func (s *supervisor) openPins(context.Context) error {
	if len(s.view.pins) == 0 {
		return nil
	}
	var err error
	if s.mounts, err = s.box.Mountinfo(); err != nil {
		return err
	}
	s.undo.add(func() { s.mounts.Close() })
	missing, err := lostPins(s.mounts, s.view.pins)
	if err != nil {
		return fmt.Errorf("mounts of the sandbox: %w", err)
	}
	if len(missing) > 0 {
		s.view.pins = without(s.view.pins, missing)
		s.warn(fmt.Sprintf("%d hand-off files lie where the sandbox's user may not go; they are only watched", len(missing)))
	}
	return nil
}

// guardPins watches that the protection of hand-off files stays. Somebody on the
// host who replaces a protected file, as editors do when they save and git when
// it writes its configuration, takes the mount away with the old one: what lies
// there then could be changed from inside. So the sandbox is paused.
func (s *supervisor) guardPins(context.Context) error {
	if s.mounts == nil {
		return nil
	}
	wake, stop, err := os.Pipe()
	if err != nil {
		return err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.watchMounts(wake)
	}()
	s.undo.add(func() {
		stop.Close()
		<-done
		wake.Close()
	})
	return nil
}

// watchMounts returns when the other end of wake is closed, or with init.
func (s *supervisor) watchMounts(wake *os.File) {
	wanted := s.view.pins
	for {
		lost, err := lostPins(s.mounts, wanted)
		if err != nil {
			s.fail("watch mounts", err) // not knowing is no protection
			return
		}
		if len(lost) > 0 {
			wanted = without(wanted, lost)
			if err := s.pause(lostReason(s.sandbox.Name, s.sandbox.Spec.Workdir, lost)); err != nil {
				s.fail("pause", err)
				return
			}
		}
		if !await(s.mounts, wake) {
			return
		}
	}
}

// await returns true when the mounts may have changed, false when wake has ended.
// A change of mounts is an error of the file, proc_pid_mounts(5).
func await(mounts, wake *os.File) bool {
	fds := []unix.PollFd{{Fd: int32(mounts.Fd()), Events: unix.POLLPRI}, {Fd: int32(wake.Fd()), Events: unix.POLLIN}}
	_, _ = unix.Poll(fds, int(guardInterval.Milliseconds())) // interrupted: look, and wait again
	return fds[1].Revents == 0
}

// lostPins are those that are no mount points any more. Of a sandbox that has
// ended there are none.
func lostPins(mounts *os.File, wanted []confine.Pin) ([]confine.Pin, error) {
	points, err := mountPoints(mounts)
	if err != nil || len(points) == 0 {
		return nil, err
	}
	var lost []confine.Pin
	for _, p := range wanted {
		if !points[p.Path] {
			lost = append(lost, p)
		}
	}
	return lost, nil
}

func mountPoints(mounts *os.File) (map[string]bool, error) {
	if _, err := mounts.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	points := map[string]bool{}
	lines := bufio.NewScanner(mounts)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if fields := strings.Fields(lines.Text()); len(fields) >= 5 {
			points[unescapeOctal(fields[4])] = true
		}
	}
	return points, lines.Err()
}

func without(all, some []confine.Pin) []confine.Pin {
	gone := map[confine.Pin]bool{}
	for _, p := range some {
		gone[p] = true
	}
	var left []confine.Pin
	for _, p := range all {
		if !gone[p] {
			left = append(left, p)
		}
	}
	return left
}

// lostReason is what is shown of a paused sandbox. Of several the first is named.
func lostReason(name, workdir string, lost []confine.Pin) string {
	first, err := filepath.Rel(workdir, lost[0].Path)
	if err != nil {
		first = lost[0].Path
	}
	more := ""
	if len(lost) > 1 {
		more = fmt.Sprintf(" and %d more", len(lost)-1)
	}
	were := "was replaced or removed on the host, so its protection is lost"
	if len(lost) > 1 {
		were = "were replaced or removed on the host, so their protection is lost"
	}
	return fmt.Sprintf("%s%s %s; `exeat sandbox restart %s` protects it again, `exeat sandbox resume %s` goes on without", shown(first), more, were, name, name)
}
