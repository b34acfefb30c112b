package supervisor

import (
	"context"
	"path/filepath"

	"golang.org/x/sys/unix"

	"exeat/policy"
	"exeat/proxy/identity"
	"exeat/sandbox/confine"
	"exeat/sandbox/observe"
	"exeat/sandbox/sockets"
	"exeat/store"
)

// handlers answer the system calls that are held besides connects to the proxy.
func (s *supervisor) handlers(sink *sink) (map[int32]identity.Handler, error) {
	if s.box.Notify == nil {
		return nil, nil // nothing is held
	}
	connector, err := sockets.New(sockets.Config{
		Diag: s.box.Sockets.UnixDiag, UID: s.sandbox.Spec.HostUID, GID: s.sandbox.Spec.HostGID, Landlocked: s.box.Landlocked(),
		Refused: func(call *identity.Call, path string) { s.recordFile(sink, call.Caller(), hostSocket(path)) },
	})
	if err != nil {
		return nil, err
	}
	s.undo.add(func() { connector.Close() })
	handlers := map[int32]identity.Handler{unix.SYS_CONNECT: connector.Connect}
	if s.sandbox.Spec.Observe != "" {
		observer := s.observer(sink)
		for _, call := range observe.Calls(s.sandbox.Spec.Observe) {
			handlers[call.Number] = observer.Handle
		}
	}
	return handlers, nil
}

// observer records what the view refuses.
func (s *supervisor) observer(sink *sink) *observe.Observer {
	row := s.sandbox.Spec
	c := observe.Config{
		Mode: row.Observe, Writable: append([]string{"/tmp", "/dev"}, s.view.landlock.ReadWrite...), ReadOnly: s.view.readOnly(),
		Hidden: []string{"/home", "/root"}, Never: []string{s.dirs.State, s.dirs.Config, s.dirs.Runtime, s.launch.Home},
		Record: func(by identity.Caller, d observe.Denial) {
			s.recordFile(sink, by, store.Decision{Method: d.Operation, Target: d.Path, Reason: d.Reason, RuleMissing: d.Rule})
		},
		Missed: func(n int) { s.logger.Warn("file accesses came too fast to be looked at", "count", n) },
	}
	if s.launch.Home != "" {
		c.Hidden = append(c.Hidden, s.launch.Home)
	}
	if beside := filepath.Dir(row.Workdir); row.Workdir != "" && beside != "/" && beside != "/tmp" {
		c.Hidden = append(c.Hidden, beside)
	}
	observer := observe.New(c)
	s.undo.add(observer.Close)
	return observer
}

// held are the system calls that wait for the observer.
func held(mode string) []confine.Hold {
	var all []confine.Hold
	for _, call := range observe.Calls(mode) {
		all = append(all, confine.Hold{Number: uint32(call.Number), Arg: call.Flags, Mask: call.Mask})
	}
	return all
}

// hostSocket is the denial of a connect to a socket that was made outside.
func hostSocket(path string) store.Decision {
	return store.Decision{
		Method: "connect", Target: path,
		Reason: path + " is a socket of a program outside the sandbox, which no policy lets it reach",
	}
}

// recordFile records the denial of an access to a file.
func (s *supervisor) recordFile(sink *sink, by identity.Caller, d store.Decision) {
	d.Revision = s.live.Load().Revision
	d.Exe, d.PID, d.Ancestors = by.Exe, by.PID, by.Ancestors
	d.Layer, d.Protocol, d.Verdict = store.LayerFile, store.LayerFile, store.VerdictDeny
	d.Policy, d.Code, d.Count = "filesystem_policy", string(policy.CodeFile), max(d.Count, 1)
	ctx := context.Background() // the record has a limit of its own
	id, err := sink.log.Record(ctx, d)
	if err != nil {
		s.logger.Warn("record a denied file", "err", err)
		return
	}
	sink.tell(ctx, id)
}
