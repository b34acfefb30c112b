package proxy

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"exeat/policy"
	"exeat/proxy/override"
)

// errTurned ends a body that asks for a method which the policy denies.
var errTurned = errors.New("a field of the body asks for a method that the policy denies")

// watchBody has the fields of a form judged by which frameworks execute another method than POST. A body of another
// coding, or in other letters, could hide them: one of those is refused where such a method would be denied. JSON that is
// compressed is not, since npm sends it.
func (x *exchange) watchBody() *refusal {
	if x.r.Method != http.MethodPost || x.r.ContentLength == 0 {
		return nil
	}
	kinds := x.r.Header["Content-Type"]
	if len(kinds) == 0 {
		kinds = []string{""}
	}
	coding := strings.Join(x.r.Header["Content-Encoding"], ", ")
	for _, kind := range kinds {
		if encoded := coding != "" && !strings.EqualFold(coding, "identity"); encoded && override.IsForm(kind) && x.hidden() {
			return refuse(http.StatusForbidden, policy.CodeMalformed,
				fmt.Sprintf("its form is encoded as %s and could ask for a method that is not allowed: send it as it is", oneLine(coding)))
		}
		if !override.IsPlain(kind) && x.hidden() {
			return refuse(http.StatusForbidden, policy.CodeMalformed,
				fmt.Sprintf("its body is of the type %s and could ask for a method that is not allowed: send it as UTF-8", oneLine(kind)))
		}
		x.r.Body = replayed{noticed[*override.Error]{override.Watch(x.r.Body, kind, x.turn), x.endedBy(unclear)}, x.r.Body}
	}
	return nil
}

// unclear refuses a body that cannot be read.
func unclear(err error) *refusal {
	return refuse(http.StatusBadRequest, policy.CodeMalformed, err.Error())
}

// hidden reports that a body which is not read could ask for something that is denied.
func (x *exchange) hidden() bool {
	for _, method := range []string{http.MethodPut, http.MethodPatch, http.MethodDelete} {
		if x.turnedBy(x.server.cfg.Snapshot(), method).Verdict == policy.Denied {
			return true
		}
	}
	return false
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
	return policy.CanonicalPath(u.EscapedPath(), true)
}
