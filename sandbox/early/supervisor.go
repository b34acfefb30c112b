package early

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"exeat/sandbox/confine"
	"exeat/sandbox/reexec"
)

// Supervisor is a supervisor's process before it has a sandbox.
type Supervisor struct {
	// ID is the sandbox it was started for: root's sandboxes have host ids that
	// follow from it.
	ID string
	// Conn takes the launch message. Closing it ends a supervisor that has none.
	Conn *reexec.Conn
	// Process is the supervisor's.
	Process *os.Process
	// Log is its standard error until it has the sandbox's log.
	Log *os.File
}

// NewID returns a sandbox id: 64 random bits, lower case hex. It is chosen
// before anything is stored, because the genesis statement signs it.
func NewID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails, see crypto/rand
	return hex.EncodeToString(b[:])
}

// start starts a supervisor in a session of its own, so that no terminal's
// signals reach it, and with an environment of ours alone: SSL_CERT_FILE, GODEBUG
// or a proxy variable of the caller must not decide what it trusts.
func start() (*Supervisor, error) {
	// What the caller's shell left open must not live as long as the sandbox:
	// whoever waits for the end of such a pipe would wait for ever.
	if err := reexec.Seal(); err != nil {
		return nil, err
	}
	log, err := reexec.Memory("supervisor-log", nil)
	if err != nil {
		return nil, err
	}
	s := &Supervisor{ID: NewID(), Log: log}
	if err := s.start(); err != nil {
		log.Close()
		return nil, fmt.Errorf("start supervisor: %w", err)
	}
	return s, nil
}

func (s *Supervisor) start() error {
	conn, theirs, err := reexec.Pair()
	if err != nil {
		return err
	}
	defer theirs.Close()
	s.Conn = conn
	s.Process, err = reexec.Command{
		Role:   superviseRole,
		Args:   s.args(),
		Env:    []string{"GOGC=off"}, // until it serves; it sets its own limits then
		Stderr: s.Log,
		Files:  []reexec.File{{Name: "launch", File: theirs}},
		Attr:   &syscall.SysProcAttr{Setsid: true},
	}.Start()
	if err != nil {
		conn.Close()
	}
	return err
}

// args tells the supervisor for whom its sandbox will most likely be.
func (s *Supervisor) args() []string {
	uid, gid := os.Geteuid(), os.Getegid()
	if uid == 0 {
		own, err := OwnID(s.ID)
		if err != nil {
			return nil
		}
		uid, gid = own, own
	}
	return []string{fmt.Sprintf("%d:%d", uid, gid)}
}

// parseIDs reads args of a supervisor: the files, then the ids.
func parseIDs(args []string) (confine.IDs, bool) {
	if len(args) != 2 {
		return confine.IDs{}, false
	}
	u, g, _ := strings.Cut(args[1], ":")
	uid, errU := strconv.Atoi(u)
	gid, errG := strconv.Atoi(g)
	return confine.IDs{HostUID: uid, HostGID: gid, UID: uid, GID: gid}, errU == nil && errG == nil
}

// firstOwnID begins the host ids that root gives to sandboxes which work for
// nobody: far above users, subordinate ids and systemd's dynamic ones, below
// 2^31, where old programs begin to count backwards.
const firstOwnID = 0x70000000

// OwnID derives a host uid from the sandbox's id, so that its files keep their
// owner and two sandboxes hardly ever share one.
func OwnID(id string) (int, error) {
	n, err := strconv.ParseUint(id[:min(4, len(id))], 16, 16)
	if err != nil {
		return 0, fmt.Errorf("sandbox id %q: %w", id, err)
	}
	return firstOwnID + int(n), nil
}
