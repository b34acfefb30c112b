package reexec

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// inlineMax is what a message may have in the datagram itself; the
	// kernel's default send buffer (net.core.wmem_default) holds 212 KB.
	inlineMax = 64 << 10
	// messageMax bounds a message whose body travels in a file.
	messageMax = 16 << 20
	// filesMax is the kernel's SCM_MAX_FD.
	filesMax = 253
)

// First byte of each datagram: where the body is.
const (
	bodyInline byte = iota
	bodyInFile
)

// ErrMalformed says that the other end does not keep to the protocol.
var ErrMalformed = errors.New("malformed message")

// Conn carries messages, each of them one JSON value and some open files,
// between this process and one that it started. Send may be called from
// several goroutines, Receive from one.
type Conn struct {
	sock *net.UnixConn
	mu   sync.Mutex // held while sending
}

// Pair makes a connection: this process's end, and the file to hand down.
func Pair() (*Conn, *os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("socketpair: %w", err)
	}
	theirs := os.NewFile(uintptr(fds[1]), "control")
	mine, err := NewConn(os.NewFile(uintptr(fds[0]), "control"))
	if err != nil {
		theirs.Close()
		return nil, nil, err
	}
	return mine, theirs, nil
}

// NewConn takes over the file of a connection.
func NewConn(f *os.File) (*Conn, error) {
	defer f.Close()
	c, err := net.FileConn(f)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	sock, ok := c.(*net.UnixConn)
	if !ok {
		c.Close()
		return nil, errors.New("control socket: not a unix socket")
	}
	return &Conn{sock: sock}, nil
}

// Close ends the connection; the other end reads io.EOF.
func (c *Conn) Close() error { return c.sock.Close() }

// SetDeadline bounds all sending and receiving from now on; zero lifts it.
func (c *Conn) SetDeadline(t time.Time) error { return c.sock.SetDeadline(t) }

// Send sends v with copies of files; the caller keeps its own.
func (c *Conn) Send(v any, files ...*os.File) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	where := bodyInline
	if len(body) > inlineMax {
		f, err := Memory("message", body)
		if err != nil {
			return err
		}
		defer f.Close()
		files, body, where = append(files[:len(files):len(files)], f), nil, bodyInFile
	}
	if len(files) > filesMax {
		return fmt.Errorf("%d files in one message, at most %d fit", len(files), filesMax)
	}
	fds := make([]int, len(files))
	for i, f := range files {
		fds[i] = int(f.Fd())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	_, _, err = c.sock.WriteMsgUnix(append([]byte{where}, body...), unix.UnixRights(fds...), nil)
	return err
}

// Receive reads the next message into v. It returns io.EOF when the other
// end is gone. The caller owns the files, which are closed on exec.
func (c *Conn) Receive(v any) ([]*os.File, error) {
	buf := make([]byte, inlineMax+1)
	oob := make([]byte, unix.CmsgSpace(filesMax*4))
	n, oobn, flags, _, err := c.sock.ReadMsgUnix(buf, oob)
	if err != nil {
		return nil, err
	}
	files, err := rights(oob[:oobn])
	if err != nil {
		return nil, err
	}
	if n == 0 || flags&(unix.MSG_TRUNC|unix.MSG_CTRUNC) != 0 {
		CloseAll(files)
		return nil, ErrMalformed
	}
	files, err = decode(buf[:n], files, v)
	if err != nil {
		CloseAll(files)
		return nil, err
	}
	return files, nil
}

func rights(oob []byte) ([]*os.File, error) {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil, ErrMalformed
	}
	var files []*os.File
	for i := range messages {
		fds, err := unix.ParseUnixRights(&messages[i])
		if err != nil {
			continue
		}
		for _, fd := range fds {
			files = append(files, os.NewFile(uintptr(fd), "received"))
		}
	}
	return files, nil
}

// decode reads the body of one datagram and returns the files that are not
// part of it, also on error.
func decode(datagram []byte, files []*os.File, v any) ([]*os.File, error) {
	body := datagram[1:]
	if datagram[0] == bodyInFile {
		if len(files) == 0 {
			return nil, ErrMalformed
		}
		last := files[len(files)-1]
		defer last.Close()
		files = files[:len(files)-1]
		var err error
		if body, err = ReadMemory(last, messageMax); err != nil {
			return files, err
		}
	}
	if err := json.Unmarshal(body, v); err != nil {
		return files, fmt.Errorf("%w: %v", ErrMalformed, err)
	}
	return files, nil
}

// CloseAll closes files; nil ones are left out.
func CloseAll(files []*os.File) {
	for _, f := range files {
		if f != nil {
			f.Close()
		}
	}
}
