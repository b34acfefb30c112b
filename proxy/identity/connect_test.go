package identity_test

import (
	"net"
	"path/filepath"
	"testing"
	"time"
)

// What is connected is what was looked at. Were a TCP connect() let go on, a second thread could make
// it one to a host's unix socket, which no network namespace stops.
func TestSwappedConnect(t *testing.T) {
	b := startBox(t)
	path := filepath.Join(b.dir, "socket")
	l, err := net.Listen("unix", path)
	must(t, err)
	defer l.Close()
	b.start(b.program("evil"), "swap", path)
	b.await("tried")
	must(t, l.(*net.UnixListener).SetDeadline(time.Now().Add(10*time.Millisecond)))
	if _, err := l.Accept(); err == nil {
		t.Error("a connect() on a TCP socket reached a unix socket of the host")
	}
}

// Connects that wait for the full backlog of a program of the sandbox are limited, and hold up neither those to
// the network nor the end.
func TestFullBacklog(t *testing.T) {
	b := startBox(t)
	b.start(b.program("program"), "full", b.v4.Addr().String())
	b.await("limited")
}
