package confine

import (
	"context"
	"os"
	"time"

	"exeat/sandbox/netns"
	"exeat/sandbox/reexec"
)

// setupTime bounds the making of a sandbox: clone, network, view, lock-down.
const setupTime = 10 * time.Second

// Embryo is an init in namespaces of its own that waits to be told what to
// build. Making it takes as long as finding that out, so the two can be done
// side by side.
type Embryo struct {
	box  *Box
	ids  IDs
	note *os.File // init's standard error
}

// Conceive makes the namespaces. The error is a [*StartError] where the kernel
// or the ids are to blame. The caller must not have made itself non-dumpable
// before, unless it is root (see PR_SET_DUMPABLE(2const): its child's uid_map
// would belong to root), and must call [Embryo.Start] or [Embryo.Close].
func Conceive(ids IDs) (*Embryo, error) {
	if err := ids.Check(); err != nil {
		return nil, err
	}
	conn, theirs, err := reexec.Pair()
	if err != nil {
		return nil, err
	}
	defer theirs.Close() // or a dead init would not read as EOF
	note, err := reexec.Memory("init-stderr", nil)
	if err != nil {
		conn.Close()
		return nil, err
	}
	b := &Box{
		conn: conn, uid: ids.HostUID, gid: ids.HostGID, ended: make(chan struct{}),
		waiting: map[int]chan notice{}, processes: map[int]*Process{}, opening: map[int]chan opened{}, ports: map[int]bool{},
	}
	if err := b.clone(ids, theirs, note); err != nil {
		conn.Close()
		note.Close()
		return nil, explain(err, ids)
	}
	return &Embryo{b, ids, note}, nil
}

// IDs are who the programs will be.
func (e *Embryo) IDs() IDs { return e.ids }

// Close ends an init that was never told anything.
func (e *Embryo) Close() {
	e.note.Close()
	e.box.Close()
}

// Start makes the sandbox, in which nothing runs yet. The error is a
// [*StartError] where the kernel or the spec is to blame. Either way the embryo
// is used up; the caller closes the [Box].
func (e *Embryo) Start(ctx context.Context, spec Spec) (*Box, error) {
	defer e.note.Close()
	b := e.box
	err := spec.checkPaths()
	if err == nil && spec.IDs != e.ids {
		err = specError("these namespaces were made for other ids", "")
	}
	if err != nil {
		b.Close()
		return nil, err
	}
	if err := b.handshake(ctx, &spec); err != nil {
		b.Close()
		return nil, b.blame(ctx, err, e.note)
	}
	b.reader.Go(b.listen)
	return b, nil
}

// Start makes a sandbox at once: [Conceive] and [Embryo.Start].
func Start(ctx context.Context, spec Spec) (*Box, error) {
	if err := spec.checkPaths(); err != nil {
		return nil, err
	}
	e, err := Conceive(spec.IDs)
	if err != nil {
		return nil, err
	}
	return e.Start(ctx, spec)
}

func (b *Box) clone(ids IDs, theirs, note *os.File) error {
	result := make(chan launched, 1)
	go b.launch(reexec.Command{
		Role:   "init",
		Env:    initEnv(),
		Stderr: note,
		Files:  []reexec.File{{Name: "control", File: theirs}},
		Attr:   attr(ids),
	}, result)
	r := <-result
	if r.err != nil {
		return r.err
	}
	b.PID, b.PIDFD = r.process.Pid, r.pidfd
	return b.offer()
}

// handshake hands the spec to init and takes what it made.
func (b *Box) handshake(ctx context.Context, spec *Spec) error {
	ctx, cancel := context.WithTimeout(ctx, setupTime)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { b.conn.SetDeadline(time.Unix(1, 0)) })
	if err := b.greet(spec); err != nil {
		return err
	}
	if !stop() {
		return os.ErrDeadlineExceeded // by a hair: the connection is of no use any more
	}
	return nil
}

// greet is the two messages of the handshake.
func (b *Box) greet(spec *Spec) error {
	if err := b.sendSpec(spec); err != nil {
		return err
	}
	var n notice
	files, err := b.conn.Receive(&n)
	if err != nil {
		return err
	}
	if n.Kind == kindFailed && n.Failed != nil {
		reexec.CloseAll(files)
		return appArmorError(n.Failed, readHost())
	}
	if n.Kind != kindReady || n.Report == nil || len(files) != n.Report.ownFiles()+len(n.Sockets) {
		reexec.CloseAll(files)
		return reexec.ErrMalformed
	}
	b.report, b.LeftOut = *n.Report, n.Report.LeftOut
	b.Proc = files[0]
	if b.report.NoListener == 0 {
		b.Notify = files[1]
	}
	b.Sockets, err = netns.Adopt(n.Sockets, files[b.report.ownFiles():])
	return err
}

// ownFiles is how many files come before the sockets.
func (r *report) ownFiles() int {
	if r.NoListener != 0 {
		return 1
	}
	return 2
}

func (b *Box) sendSpec(spec *Spec) error {
	r := request{Kind: kindSpec, Spec: spec}
	var contents []byte
	for _, f := range spec.Files {
		r.Sizes = append(r.Sizes, len(f.Content))
		contents = append(contents, f.Content...)
	}
	blob, err := reexec.Memory("files", contents)
	if err != nil {
		return err
	}
	defer blob.Close()
	files := []*os.File{blob}
	for i, m := range spec.Mounts {
		if m.Tree != nil {
			r.Trees, files = append(r.Trees, i), append(files, m.Tree)
		}
	}
	return b.conn.Send(r, files...)
}
