package confine

import (
	"fmt"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"exeat/sandbox/netns"
	"exeat/sandbox/reexec"
)

// NoRedirect says why the kernel does not redirect connections, empty where it
// does. Then each port that is to be captured needs [Box.OpenPort].
func (b *Box) NoRedirect() string { return b.report.NoRedirect }

// opened is init's answer to a request for a port.
type opened struct {
	errno syscall.Errno
	files []*os.File
}

// OpenPort makes the listeners for one TCP port of every address, see
// [netns.OpenPort]. The caller serves and closes them.
func (b *Box) OpenPort(port int) ([]net.Listener, error) {
	id, reply, err := b.expectPort()
	if err != nil {
		return nil, err
	}
	if err := b.conn.Send(request{Kind: kindPort, ID: id, Port: port}); err != nil {
		return nil, b.sendError(err)
	}
	select {
	case o := <-reply:
		return b.adoptPort(port, o)
	case <-b.ended:
		return nil, ErrEnded
	}
}

func (b *Box) expectPort() (int, <-chan opened, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.hasEnded() {
		return 0, nil, ErrEnded
	}
	b.next++
	reply := make(chan opened, 1)
	b.opening[b.next] = reply
	return b.next, reply, nil
}

// openedLocked hands the listeners to who asked for them.
func (b *Box) openedLocked(n notice, files []*os.File) {
	reply := b.opening[n.ID]
	delete(b.opening, n.ID)
	if reply == nil {
		reexec.CloseAll(files)
		return
	}
	reply <- opened{n.NotOpened, files}
}

func (b *Box) adoptPort(port int, o opened) ([]net.Listener, error) {
	defer reexec.CloseAll(o.files)
	if o.errno == unix.EADDRINUSE {
		return nil, fmt.Errorf("port %d: a program in the sandbox has or had it", port)
	}
	if o.errno != 0 {
		return nil, fmt.Errorf("port %d: %w", port, o.errno)
	}
	if len(o.files) == 0 {
		return nil, reexec.ErrMalformed
	}
	var all []net.Listener
	for _, f := range o.files {
		l, err := net.FileListener(f)
		if err != nil {
			for _, l := range all {
				l.Close()
			}
			return nil, fmt.Errorf("port %d: %w", port, err)
		}
		all = append(all, l)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ports[port] = true
	return all, nil
}

// openPort is init's part: the sockets must be of its network namespace.
func (p *initProcess) openPort(id, port int) {
	files, err := netns.OpenPort(port)
	defer reexec.CloseAll(files)
	n := notice{Kind: kindOpened, ID: id}
	if err != nil {
		n.NotOpened = errnoOf(err)
	}
	p.conn.Send(n, files...)
}
