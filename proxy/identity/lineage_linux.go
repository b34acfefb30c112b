package identity

import (
	"bytes"
	"strconv"
	"sync"
)

// Limits against the agent itself. Whoever has more loses ancestors, which only grant.
const (
	maxNotes    = 4096
	maxThreads  = 64  // of an ending process whose children are looked for
	maxChildren = 256 // of an ending process that are noted
)

// lineage keeps who the children of ended processes descend from. The kernel forgets it: they become init's. A
// double fork would shed every ancestor otherwise, also where nobody means any harm (a shell's `git fetch &`).
type lineage struct {
	mu    sync.Mutex
	notes map[int]note // guarded by mu; by process
	order []int        // guarded by mu; a ring, oldest at next once full
	next  int          // guarded by mu
	limit int
}

// note is of one process: the start tells it from a later one with its number.
type note struct {
	start     uint64
	ancestors []string
}

func newLineage(limit int) *lineage { return &lineage{notes: map[int]note{}, limit: limit} }

func (l *lineage) has(pid int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ok := l.notes[pid]
	return ok
}

// of returns the ancestors of a process whose parent has ended.
func (l *lineage) of(s status) (ancestors []string, noted bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, ok := l.notes[s.pid]
	return n.ancestors, ok && n.start == s.start
}

// add notes the ancestors of a process. A full table loses the oldest note.
func (l *lineage) add(s status, ancestors []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.order) < l.limit {
		l.order = append(l.order, s.pid)
	} else {
		delete(l.notes, l.order[l.next])
		l.order[l.next] = s.pid
		l.next = (l.next + 1) % l.limit
	}
	l.notes[s.pid] = note{s.start, ancestors}
}

// bequeath notes for the children of a process that is about to end who it was and who came before it. A
// process that is killed, or whose last thread ends by exit(2), leaves no note, and a child born by another of its
// threads meanwhile has none either.
func (w *Watcher) bequeath(n notification) {
	tid := int(n.TID)
	threads := w.proc.threads(tid)
	if len(threads) == 0 {
		return
	}
	children := w.proc.children(threads)
	if len(children) == 0 {
		return // the most frequent by far, so nothing is read before
	}
	name, _, err := w.ancestor(tid)
	if err != nil {
		return
	}
	s, err := w.proc.status(threads[0]) // a thread starts later than its process
	if err != nil {
		return
	}
	before, unknown := w.ancestors(own{tid: tid, status: s})
	if unknown != "" {
		before = []string{orphan}
	}
	if !w.listener.valid(n.ID) {
		return
	}
	ancestors := append([]string{name}, before...)
	for _, child := range children {
		w.lineage.add(child, ancestors)
	}
}

// threads are those of the process that tid belongs to, its first one first.
func (p procfs) threads(tid int) []int {
	threads, _ := numbersIn(p.file(tid, "task"), maxThreads) // an error leaves those that were read
	return threads
}

// children are the child processes of all these threads (proc_tid_children(5)). A kernel without
// CONFIG_PROC_CHILDREN tells none: then an orphan's ancestors are lost as if its parent had been killed.
func (p procfs) children(threads []int) (all []status) {
	for _, tid := range threads {
		for _, pid := range p.childrenOf(threads[0], tid) {
			s, err := p.status(pid)
			if err == nil && s.parent == threads[0] {
				all = append(all, s)
			}
			if len(all) == maxChildren {
				return all
			}
		}
	}
	return all
}

func (p procfs) childrenOf(pid, tid int) (children []int) {
	var buffer [4096]byte // enough for maxChildren
	text, err := readProc(p.file(pid, "task/"+strconv.Itoa(tid)+"/children"), buffer[:])
	if err != nil {
		return nil
	}
	for field := range bytes.FieldsSeq(text) {
		if child, err := strconv.Atoi(string(field)); err == nil && len(children) < maxChildren {
			children = append(children, child)
		}
	}
	return children
}
