package supervisor

import (
	"context"

	"golang.org/x/sys/unix"

	"exeat/policy"
	"exeat/proxy/identity"
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
	return map[int32]identity.Handler{unix.SYS_CONNECT: connector.Connect}, nil
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
	d.Layer, d.Protocol, d.Verdict = "file", "file", store.VerdictDeny
	d.Policy, d.Code, d.Count = "filesystem_policy", string(policy.CodeFile), max(d.Count, 1)
	ctx := context.Background() // the record has a limit of its own
	id, err := sink.log.Record(ctx, d)
	if err != nil {
		s.logger.Warn("record a denied file", "err", err)
		return
	}
	sink.tell(ctx, id)
}
