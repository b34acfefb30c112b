package confine

import (
	"os"

	"exeat/sandbox/reexec"
)

// listen reads what init says until it ends, and then ends what waits for it.
func (b *Box) listen() {
	for {
		var n notice
		files, err := b.conn.Receive(&n)
		if err != nil {
			break
		}
		b.handle(n, files)
	}
	b.kill() // whoever breaks the protocol is no init of ours
	<-b.ended
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, p := range b.processes {
		delete(b.processes, id)
		p.code = killed
		close(p.done)
	}
}

func (b *Box) handle(n notice, files []*os.File) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.processes[n.ID]
	if p == nil {
		reexec.CloseAll(files)
		return
	}
	switch n.Kind {
	case kindStarted:
		p.PID = n.PID
		if len(files) == 1 && p.Stdin == nil {
			p.Terminal, files = files[0], nil
		}
		b.answerLocked(n)
	case kindRefused:
		delete(b.processes, n.ID)
		b.answerLocked(n)
	case kindExited:
		delete(b.processes, n.ID)
		p.code = n.Code
		close(p.done)
	}
	reexec.CloseAll(files)
}

func (b *Box) answerLocked(n notice) {
	if reply := b.waiting[n.ID]; reply != nil {
		delete(b.waiting, n.ID)
		reply <- n
	}
}

// enlist gives p its ID and a place for init's answer.
func (b *Box) enlist(p *Process) (<-chan notice, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.hasEnded() {
		return nil, ErrEnded
	}
	if !b.released {
		return nil, ErrNotReleased
	}
	b.next++
	p.ID = b.next
	reply := make(chan notice, 1)
	b.waiting[p.ID], b.processes[p.ID] = reply, p
	return reply, nil
}

// forget takes back an enlistment that came to nothing.
func (b *Box) forget(id int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.waiting, id)
	delete(b.processes, id)
}
