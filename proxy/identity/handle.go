package identity

import "golang.org/x/sys/unix"

// handle answers one held call.
func (w *Watcher) handle(n notification, p *pending) {
	switch n.NR {
	case unix.SYS_CONNECT:
		w.connect(n, p)
		return
	case unix.SYS_EXIT_GROUP:
		defer w.release(p)
		if n.TID != 0 { // it is in our pid namespace
			w.bequeath(n)
		}
		return
	}
	answer := Answer{Continue: true}
	if handler := w.handlers[n.NR]; handler != nil && n.TID != 0 {
		answer = handler(&Call{TID: int(n.TID), Number: n.NR, Args: n.Args, Socket: -1, id: n.ID, watcher: w})
	}
	w.reply(p, answer)
}

// connect carries out one connect() on the supervisor's own copies of socket and address. It never goes
// on by itself: the kernel would read both again, and another thread could have put a unix socket and
// the path of a host's socket there by then.
func (w *Watcher) connect(n notification, p *pending) {
	s, errno := openSocket(int(n.TID), int(int32(n.Args[0])))
	if errno != 0 {
		w.reply(p, Answer{Errno: errno})
		return
	}
	defer unix.Close(s.fd)
	address, errno := copyAddress(int(n.TID), n.Args[1], int32(n.Args[2]))
	switch {
	case errno != 0:
		w.reply(p, Answer{Errno: errno})
	case !w.listener.valid(n.ID): // the process is gone
	case s.family == unix.AF_UNIX:
		w.connectLocal(n, p, s, address)
	default:
		p.connect.Store(&connection{s.fd, address})
		if !s.tcp && w.datagram != nil {
			w.datagram(w.call(n, s, address))
		}
		w.connectInternet(n, p, s)
	}
}

// connectLocal leaves a unix socket to its handler.
func (w *Watcher) connectLocal(n notification, p *pending, s socket, address []byte) {
	handler := w.handlers[n.NR]
	if handler == nil {
		w.reply(p, Answer{Errno: unix.EACCES})
		return
	}
	w.reply(p, handler(w.call(n, s, address)))
}

func (w *Watcher) call(n notification, s socket, address []byte) *Call {
	return &Call{TID: int(n.TID), Number: n.NR, Args: n.Args, Socket: s.fd, Address: address, id: n.ID, watcher: w}
}

// connectInternet records who makes a TCP connect() and carries it out. The record is there before the
// socket is connected, so the proxy can never be faster. What only the held process can vouch for is
// read before it goes on: its socket, its executable, its code and its parent. Ancestors are not held and can
// execute another program at any time, so nothing is lost by reading them afterwards.
func (w *Watcher) connectInternet(n notification, p *pending, s socket) {
	defer w.carryOut(p, p.connect.Load())
	if !s.tcp {
		return // no record: if it does reach the proxy, it is unknown
	}
	o := w.readOwn(int(n.TID), s)
	defer o.program.close()
	if !w.listener.valid(n.ID) {
		return
	}
	r := w.records.begin(s.cookie)
	caller := w.identify(o)
	w.carryOut(p, p.connect.Load())
	r.finish(w.complete(caller, o, s))
}

// identify names the program itself, by its content and what was seen first at its path.
func (w *Watcher) identify(o own) Caller {
	caller := Caller{Exe: o.program.path, Tainted: o.tainted, Unknown: o.unknown}
	if caller.Unknown == "" {
		caller.Hash, caller.Unknown = w.content.known(o.program, w.waiter(o.tid))
	}
	return caller
}

// waiter is the number by which the kernel knows here who waits for a file to be read, or 0 where the sandbox's own
// numbers are all there is.
func (w *Watcher) waiter(pid int) int {
	if w.strict {
		return 0
	}
	return pid
}

// complete adds the process and its ancestors.
func (w *Watcher) complete(c Caller, o own, s socket) Caller {
	c.PID = processOf(o.tid, s)
	if c.PID == w.init {
		c.Unknown = "it is the sandbox's init"
	}
	if c.Unknown == "" {
		c.Ancestors, c.Unknown = w.ancestors(o)
	}
	return c
}

// processOf is for the record only: a thread that has ended meanwhile stands for its process.
func processOf(tid int, s socket) int {
	if s.leader {
		return tid
	}
	if s.kin.group != 0 {
		return s.kin.group
	}
	if pid, err := hostProc.threadGroup(tid); err == nil {
		return pid
	}
	return tid
}
