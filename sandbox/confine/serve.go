package confine

import (
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"exeat/sandbox/reexec"
)

// trimTime is when init has started what it was made for.
const trimTime = 200 * time.Millisecond

// serve does what the supervisor asks until it is gone.
func (p *initProcess) serve() int {
	released := false
	for {
		var r request
		files, err := p.conn.Receive(&r)
		if err != nil {
			return 0 // the end of the supervisor is the end of the sandbox
		}
		switch {
		case r.Kind == kindGo:
			released = true
			time.AfterFunc(trimTime, func() { _ = reexec.Trim() }) // it only makes init smaller
		case r.Kind == kindSignal:
			p.signal(r.ID, syscall.Signal(r.Signal))
		case r.Kind == kindPort:
			p.openPort(r.ID, r.Port)
		case r.Kind == kindExec && released && r.Exec != nil:
			p.exec(r.ID, r.Exec, files)
		case r.Kind == kindPause:
			p.done(r.ID, p.pause())
		case r.Kind == kindResume:
			p.done(r.ID, p.resume())
		}
		reexec.CloseAll(files)
	}
}

// exec starts one program and says so, before the reaper can say that it ended.
func (p *initProcess) exec(id int, spec *ExecSpec, files []*os.File) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := notice{Kind: kindStarted, ID: id}
	var terminal *os.File
	if p.paused != nil {
		n.Refused = &ExecError{Problem: Paused, Path: spec.Argv[0], Errno: unix.EAGAIN}
	} else {
		p.thread.do(func() { n.PID, terminal, n.Refused = start(spec, files) })
	}
	if n.Refused != nil {
		n.Kind = kindRefused
		p.conn.Send(n)
		return
	}
	p.programs[n.PID] = id
	select {
	case p.born <- struct{}{}:
	default:
	}
	if terminal == nil {
		p.conn.Send(n)
		return
	}
	defer terminal.Close()
	p.conn.Send(n, terminal)
}

// signal goes to the process group that the program leads.
func (p *initProcess) signal(id int, sig syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if sig == unix.SIGCONT && p.paused != nil {
		return // only resume continues what a pause has stopped
	}
	for pid, its := range p.programs {
		if its == id {
			unix.Kill(-pid, sig)
		}
	}
}

// reap collects every process that ends: programs, and the orphans they leave.
// It only looks (WNOWAIT) without the lock, so that no pid is free for reuse
// while someone is about to signal it, nor collected before it is known.
func (p *initProcess) reap() {
	for {
		err := unix.Waitid(unix.P_ALL, 0, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if err == unix.ECHILD {
			<-p.born
			continue
		}
		if err == nil {
			p.collect()
		}
	}
}

func (p *initProcess) collect() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, unix.WNOHANG, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			return
		}
		if id, ok := p.programs[pid]; ok {
			delete(p.programs, pid)
			p.conn.Send(notice{Kind: kindExited, ID: id, Code: exitCode(status)})
		}
	}
}

func exitCode(s unix.WaitStatus) int {
	if s.Signaled() {
		return 128 + int(s.Signal())
	}
	return s.ExitStatus()
}
