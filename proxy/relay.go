package proxy

import (
	"errors"
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// burst is how long a direction keeps its pipe once bytes came.
const burst = 100 * time.Millisecond

// relay copies until src ends. Between two TCP connections the kernel splices through a pipe, which
// [io.Copy] would hold while nothing comes: two descriptors more for each direction of an idle tunnel.
func relay(dst io.Writer, src io.Reader) (total int64, err error) {
	conn, ok := src.(*net.TCPConn)
	if !ok {
		return io.Copy(dst, src)
	}
	raw, err := conn.SyscallConn()
	for err == nil {
		if err = raw.Read(readable); err != nil {
			break
		}
		_ = conn.SetReadDeadline(time.Now().Add(burst)) // when it passes, the pipe is empty
		var n int64
		n, err = io.Copy(dst, conn)
		total += n
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		err = conn.SetReadDeadline(time.Time{})
	}
	return total, err
}

// readable reports whether a read would not block: bytes, an end or an error. The connection waits for
// the descriptor until it does.
func readable(descriptor uintptr) bool {
	poll := []unix.PollFd{{Fd: int32(descriptor), Events: unix.POLLIN | unix.POLLRDHUP}}
	n, err := unix.Poll(poll, 0)
	return n > 0 || err != nil // and then the copy says what is wrong, or waits
}
