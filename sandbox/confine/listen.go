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
	if n.Kind == kindOpened {
		b.openedLocked(n, files)
		return
	}
	p := b.processes[n.ID]
	if p == nil {
		if n.Kind == kindDone {
			b.answerLocked(n)
		}
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
	id, reply, err := b.expectLocked()
	if err != nil {
		return nil, err
	}
	p.ID, b.processes[id] = id, p
	return reply, nil
}

// expectLocked makes an ID and a place for init's answer to it.
func (b *Box) expectLocked() (int, <-chan notice, error) {
	if b.hasEnded() {
		return 0, nil, ErrEnded
	}
	if !b.released {
		return 0, nil, ErrNotReleased
	}
	b.next++
	reply := make(chan notice, 1)
	b.waiting[b.next] = reply
	return b.next, reply, nil
}

// forget takes back an enlistment that came to nothing.
func (b *Box) forget(id int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.waiting, id)
	delete(b.processes, id)
}
