package confine

import (
	"context"
	"os"

	"exeat/sandbox/reexec"
)

// Names of the findings of [Examine] that have no function of their own.
const (
	callerName = "rights of this process"
	userName   = "user namespaces"
	othersName = "mount, pid, network, ipc, uts, cgroup namespaces"
	mountsName = "detached mounts"
	procName   = "a fresh /proc"
	filterName = "seccomp filter"
	ipv6Name   = "IPv6"
	pidMaxName = "pid_max per namespace"
)

// Examine tries each thing that sandboxes are made of by itself, in namespaces
// that are thrown away, so that the lack of one does not hide another's. What a
// sandbox lacks is said in the words of a start that fails for it.
func Examine(ctx context.Context, ids IDs) []Finding {
	if err := ids.Check(); err != nil {
		return append([]Finding{failed(Finding{Name: callerName, Essential: true}, err)}, unknown()...)
	}
	e, err := Conceive(ids)
	if err != nil {
		return append(namespaceFindings(ids, err), unknown()...)
	}
	found, err := e.examine(ctx)
	if err != nil {
		found = append([]Finding{failed(Finding{Name: "an init", Essential: true}, err)}, unknown()...)
	}
	return append(namespaceFindings(ids, nil), found...)
}

func (e *Embryo) examine(ctx context.Context) ([]Finding, error) {
	defer e.note.Close()
	ctx, cancel := context.WithTimeout(ctx, setupTime)
	defer cancel()
	defer context.AfterFunc(ctx, e.box.kill)() // its end is the connection's
	var n notice
	err := e.box.conn.Send(request{Kind: kindExamine})
	if err == nil {
		var files []*os.File
		files, err = e.box.conn.Receive(&n)
		reexec.CloseAll(files)
	}
	e.box.Close()
	if err != nil {
		return nil, e.box.blame(ctx, err, e.note)
	}
	return n.Findings, nil
}

// namespaceFindings says what became of the clone, and where it failed of which
// namespaces it did.
func namespaceFindings(ids IDs, err error) []Finding {
	user := Finding{Name: userName, State: Present, Detail: "one can be made, with an id map (" + readHost().settings() + ")", Essential: true}
	others := Finding{Name: othersName, State: Present, Detail: "all can be made", Essential: true}
	if err == nil {
		return []Finding{user, others}
	}
	if kinds()[0].try(ids) != nil {
		others.State, others.Detail = Unknown, "not tried, for lack of user namespaces"
		return []Finding{failed(user, err), others}
	}
	return []Finding{user, failed(others, err)}
}

// failed is a finding of something essential that did not work.
func failed(f Finding, err error) Finding {
	e := startError(err)
	f.State, f.Detail, f.Advice = Missing, e.Error(), e.Advice
	if f.Essential {
		f.Lost = "no sandbox can be created"
	}
	return f
}

// unknown are the findings that need namespaces.
func unknown() []Finding {
	var all []Finding
	for _, f := range []Finding{
		{Name: mountsName, Essential: true},
		{Name: procName, Essential: true},
		{Name: filterName, Essential: true},
		listenerFinding(0), landlockFinding(1, ""), redirectFinding("", 0),
		{Name: ipv6Name},
		{Name: pidMaxName},
	} {
		all = append(all, Finding{Name: f.Name, State: Unknown, Detail: "not tried, for lack of namespaces", Essential: f.Essential})
	}
	return all
}
