package confine

import (
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

// thread is one OS thread that runs what it is given, one thing at a time.
//
// A program inherits credentials, Landlock domain and seccomp filters from the
// thread that forks it, so giving up rights on one thread confines all programs
// and leaves the rest of init free to read, to reap and to end.
type thread struct{ work chan func() }

// initThreads is more than init ever has at work at once: two that run Go code,
// the runtime's two helpers, the one of programs, and those that wait for a
// signal, for a child and in a system call.
const initThreads = 8

// readyThreads makes the OS threads that init can need, which the runtime keeps
// once they are there. Later, when the programs use up the limit on processes,
// none could be made, and a Go program that cannot make a thread aborts: a fork
// bomb would end its own sandbox.
func readyThreads() {
	var all sync.WaitGroup
	leave := make(chan struct{})
	for range initThreads {
		all.Add(1)
		go func() {
			runtime.LockOSThread()
			all.Done()
			<-leave
			runtime.UnlockOSThread()
		}()
	}
	all.Wait()
	close(leave)
}

// newThread makes a thread and runs first on it. It is never the leader: what a
// program may do to pid 1 is judged by the leader's Landlock domain, and were
// that the program's own, it could signal init.
func newThread(first func() error) (*thread, error) {
	t := &thread{work: make(chan func())}
	result := make(chan error, 1)
	go t.run(first, result)
	return t, <-result
}

func (t *thread) run(first func() error, result chan<- error) {
	runtime.LockOSThread() // never unlocked
	if unix.Gettid() == unix.Getpid() {
		go t.run(first, result) // on another thread, since this one is taken
		select {}
	}
	result <- first()
	for f := range t.work {
		f()
	}
}

// do runs f on the thread and waits for it.
func (t *thread) do(f func()) {
	done := make(chan struct{})
	t.work <- func() {
		defer close(done)
		f()
	}
	<-done
}
