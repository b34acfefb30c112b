package control

import (
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Kill ends a supervisor that does not answer. Its sandbox ends with it: init
// has it as its parent (PR_SET_PDEATHSIG(2const)). Who it is comes from the
// socket, which only the process that listens on it can give (unix(7), SO_PEERCRED).
func (c *Client) Kill(ctx context.Context) error {
	conn, err := c.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	peer, err := credentials(conn)
	if err != nil {
		return err
	}
	if int(peer.Pid) == os.Getpid() {
		return errors.New("the supervisor is this very process")
	}
	pidfd, err := unix.PidfdOpen(int(peer.Pid), 0)
	if err != nil {
		return fmt.Errorf("find supervisor %d: %w", peer.Pid, os.NewSyscallError("pidfd_open", err))
	}
	defer unix.Close(pidfd)
	if err := unix.PidfdSendSignal(pidfd, unix.SIGKILL, nil, 0); err != nil {
		return fmt.Errorf("kill supervisor %d: %w", peer.Pid, os.NewSyscallError("pidfd_send_signal", err))
	}
	return nil
}
