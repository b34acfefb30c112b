package early

import (
	"os"
	"runtime/debug"
	"sync"

	"exeat/sandbox/confine"
	"exeat/sandbox/reexec"
)

// superviseRole is the hidden command that package supervisor answers to.
const superviseRole = "supervise"

// begun is what the init function started and nobody has taken yet. It is the
// only state of a package in the project, because nothing but package
// initialisation comes early enough to be its owner.
var begun struct {
	mu         sync.Mutex
	supervisor func() (*Supervisor, error) // guarded by mu
	embryo     func() (*confine.Embryo, error)
}

// memoryLimit is what such a command line may use before it collects, in bytes.
const memoryLimit = 64 << 20

func init() {
	switch role, args := arguments(); {
	case role == superviseRole:
		if ids, ok := parseIDs(args); ok {
			begun.embryo = begin(func() (*confine.Embryo, error) { return conceive(ids) })
		}
	case role == "sandbox" && len(args) > 0 && (args[0] == "create" || args[0] == "start"):
		debug.SetGCPercent(-1) // a command line that makes a sandbox is soon idle or gone
		debug.SetMemoryLimit(memoryLimit)
		begun.supervisor = begin(start)
	}
}

// conceive seals first: the supervisor's own files must not go along.
func conceive(ids confine.IDs) (*confine.Embryo, error) {
	if err := reexec.Seal(); err != nil {
		return nil, err
	}
	return confine.Conceive(ids)
}

func arguments() (role string, rest []string) {
	if len(os.Args) < 2 {
		return "", nil
	}
	return os.Args[1], os.Args[2:]
}

// begin runs f beside everything else and returns what waits for it.
func begin[T any](f func() (T, error)) func() (T, error) {
	var result T
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		result, err = f()
	}()
	return func() (T, error) {
		<-done
		return result, err
	}
}

// Spawn returns a supervisor that waits to be told which sandbox it is for: the
// one that was begun, once, else one started now.
func Spawn() (*Supervisor, error) {
	begun.mu.Lock()
	wait := begun.supervisor
	begun.supervisor = nil
	begun.mu.Unlock()
	if wait == nil {
		wait = start
	}
	return wait()
}

// Conceive returns namespaces for ids: those that were begun, where they are for
// the same ids, else new ones.
func Conceive(ids confine.IDs) (*confine.Embryo, error) {
	begun.mu.Lock()
	wait := begun.embryo
	begun.embryo = nil
	begun.mu.Unlock()
	if wait != nil {
		embryo, err := wait()
		if err != nil || embryo.IDs() == ids {
			return embryo, err
		}
		embryo.Close()
	}
	return confine.Conceive(ids)
}
