package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"exeat/policy"
	"exeat/proxy/override"
)

// errTurned ends a body that asks for a method which the policy denies.
var errTurned = errors.New("a field of the body asks for a method that the policy denies")

// watchBody has the fields of a form or of JSON judged by which frameworks execute another method than POST. A body that
// cannot be unpacked, or in other letters, could hide them: it is refused where such a method would be denied.
func (x *exchange) watchBody() *refusal {
	if x.r.Method != http.MethodPost || x.r.ContentLength == 0 {
		return nil
	}
	kinds := x.r.Header["Content-Type"]
	if len(kinds) == 0 {
		kinds = []string{""}
	}
	coding := strings.Join(codingsOf(x.r.Header), ", ")
	for _, kind := range kinds {
		if r := x.hides(kind, coding); r != nil {
			return r
		}
		x.r.Body = replayed{noticed[*override.Error]{x.watched(kind, coding), x.endedBy(unclear)}, x.r.Body}
	}
	return nil
}

// unclear refuses a body that cannot be read.
func unclear(err error) *refusal {
	return refuse(http.StatusBadRequest, policy.CodeMalformed, err.Error())
}

// hides refuses a body that cannot be read, where what it asks for could be denied.
func (x *exchange) hides(kind, coding string) *refusal {
	var why string
	switch {
	case !override.Reads(kind):
		return nil
	case coding != "" && !override.Unpacks(coding):
		why = fmt.Sprintf("its body is encoded as %s and could ask for a method that is not allowed: send it as gzip, or as it is", oneLine(coding))
	case !override.IsPlain(kind):
		why = fmt.Sprintf("its body is of the type %s and could ask for a method that is not allowed: send it as UTF-8", oneLine(kind))
	}
	if why == "" || !x.mayTurn(policy.Denied) {
		return nil
	}
	return refuse(http.StatusForbidden, policy.CodeMalformed, why)
}

// watched is the body as it may pass: as it is, for servers that do not care how it is encoded, and as others unpack it. That is
// not done for the sake of methods which are all allowed.
func (x *exchange) watched(kind, coding string) io.Reader {
	body := override.Watch(x.r.Body, kind, x.turn)
	if !override.Reads(kind) || !override.Unpacks(coding) || !x.mayTurn(policy.Denied, policy.Audited) {
		return body
	}
	packed := override.Packed(body, coding, kind, x.turn)
	context.AfterFunc(x.r.Context(), func() { packed.Close() })
	return packed
}

// mayTurn reports that one of the methods for which bodies ask would get one of the verdicts.
func (x *exchange) mayTurn(verdicts ...policy.Verdict) bool {
	snapshot := x.server.cfg.Snapshot()
	return slices.ContainsFunc([]string{http.MethodPut, http.MethodPatch, http.MethodDelete}, func(method string) bool {
		return slices.Contains(verdicts, x.turnedBy(snapshot, method).Verdict)
	})
}

// turn judges the request under the method that its body asks for.
func (x *exchange) turn(method string) error {
	snapshot := x.server.cfg.Snapshot()
	d := x.turnedBy(snapshot, method)
	d.Reason = fmt.Sprintf("the body asks for the method %s: %s", method, d.Reason)
	switch d.Verdict {
	case policy.Denied:
		x.ended.Store(denied(d))
		return errTurned
	case policy.Audited:
		e := x.ending(d, 0)
		e.Revision = snapshot.Revision
		_, err := x.server.record(e)
		return err
	}
	return nil
}

func (x *exchange) turnedBy(snapshot Snapshot, method string) policy.Decision {
	admission := snapshot.Engine.Connect(x.flow.destination())
	asking := x.asking(&admission)
	asking.Override = method
	return admission.Request(asking)
}

// checkDestination judges where a COPY or a MOVE would write (RFC 4918 9.8, 9.9) like the path of the request itself,
// and sends on what was judged.
func (x *exchange) checkDestination(admission *policy.Admission) *refusal {
	fields := x.r.Header["Destination"]
	if len(fields) == 0 || x.r.Method != "COPY" && x.r.Method != "MOVE" {
		return nil
	}
	request := x.request
	var err error
	if request.Path, err = x.destinationPath(fields); err != nil {
		return refuse(http.StatusBadRequest, policy.CodeMalformed, "its Destination "+err.Error())
	}
	if d := admission.Request(request); d.Verdict == policy.Denied {
		return denied(d)
	}
	scheme, _ := x.flow.scheme()
	x.r.Header["Destination"] = []string{scheme + "://" + x.flow.authority(true) + request.Path}
	return nil
}

func (x *exchange) destinationPath(fields []string) (string, error) {
	if len(fields) > 1 {
		return "", errors.New("is there twice")
	}
	u, err := url.Parse(fields[0])
	if err != nil || u.RawQuery != "" || u.Fragment != "" || u.User != nil || u.Opaque != "" {
		return "", errors.New("is no plain URL")
	}
	if u.Host != "" {
		scheme, port := x.flow.scheme()
		host, port, err := splitAuthority(u.Host, port)
		if err != nil || host != x.flow.host || port != x.flow.port || u.Scheme != scheme {
			return "", errors.New("is on another host")
		}
	}
	path, _, err := canonicalPath(u.EscapedPath())
	return path, err
}
