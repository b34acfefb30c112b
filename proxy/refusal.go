package proxy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"syscall"

	"exeat/policy"
	"exeat/proxy/corporate"
)

// Codes of answers that are not the policy's, beside those of package policy.
const (
	codeUpstreamTLS         policy.Code = "upstream_tls"
	codeUpstreamUnreachable policy.Code = "upstream_unreachable"
	codeUpstreamTimeout     policy.Code = "upstream_timeout"
	codeInternal            policy.Code = "internal_error"
	codeBusy                policy.Code = "busy"
	codeDetached            policy.Code = "credential_detached" // the placeholder of a provider that was detached
	codeForeign             policy.Code = "foreign_credential"  // somebody else's key to a provider's host
)

// Codes that only the record has: nobody is there to be told, or the answer has begun.
const (
	codeClientGone    policy.Code = "client_gone"
	codeUpstreamBroke policy.Code = "upstream_broke_off"
)

// refusal is an answer of our own instead of the origin's.
type refusal struct {
	status   int
	decision policy.Decision
	id       int64 // of the record it already has; 0: it needs one
	sent     bool  // the origin has the request
}

func refuse(status int, code policy.Code, reason string) *refusal {
	return &refusal{status: status, decision: policy.Decision{
		Verdict: policy.Denied, Code: code, Layer: "l7", Protocol: policy.REST, Policy: "-", Reason: reason,
	}}
}

// denied wraps a verdict of the policy.
func denied(d policy.Decision) *refusal {
	if d.Code == policy.CodeMalformed {
		return &refusal{status: http.StatusBadRequest, decision: d}
	}
	return &refusal{status: http.StatusForbidden, decision: d}
}

// unrecorded answers when the record cannot be kept: no record, no access.
func unrecorded() *refusal {
	r := refuse(http.StatusServiceUnavailable, policy.CodeRecord, "the decision cannot be recorded, so nothing is let through")
	r.id = -1
	return r
}

// withheld answers in the place of an origin whose answer may not be shown.
func withheld() *refusal {
	r := unrecorded()
	r.sent = true
	r.decision.Reason = "the request was sent, but the use of a credential is not recorded yet, so its answer is withheld"
	return r
}

// addressRefusal is a denial of an address that a granted name led to.
func addressRefusal(e *addressError, granted policy.Decision, layer string) *refusal {
	return &refusal{status: http.StatusForbidden, decision: policy.Decision{
		Verdict: policy.Denied, Code: policy.CodeAddress, Layer: layer, Protocol: granted.Protocol,
		Policy: granted.Policy, Reason: e.Reason, RuleMissing: e.Missing, By: granted.By,
	}}
}

// upstreamRefusal says what went wrong between us and the origin. The request was allowed; the words
// must make clear that changing the policy does not help.
func upstreamRefusal(f *flow, err error) *refusal {
	where := f.authority(false)
	hop, ends := errors.AsType[*corporate.Error](err)
	switch {
	case ends && !isTimeout(hop): // first: its TLS is not the origin's
		return refuse(http.StatusBadGateway, codeUpstreamUnreachable, fmt.Sprintf("%s could not be reached: %v", where, hop))
	case ends:
		return refuse(http.StatusGatewayTimeout, codeUpstreamTimeout, fmt.Sprintf("the corporate proxy on the way to %s did not answer in time", where))
	case isTLSError(err):
		return refuse(http.StatusBadGateway, codeUpstreamTLS, fmt.Sprintf("the certificate or TLS of %s was not accepted: %v", where, rootCause(err)))
	case isTimeout(err):
		return refuse(http.StatusGatewayTimeout, codeUpstreamTimeout, fmt.Sprintf("%s did not answer in time", where))
	}
	if hungUp(err) {
		return refuse(http.StatusBadGateway, codeUpstreamUnreachable, where+" ended the connection without an answer")
	}
	return refuse(http.StatusBadGateway, codeUpstreamUnreachable, fmt.Sprintf("%s could not be reached: %v", where, rootCause(err)))
}

// hungUp reports an origin that was there and left before it had answered.
func hungUp(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, http.ErrServerClosed) ||
		ok && op.Op == "read" && (errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE))
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

func isTLSError(err error) bool {
	var (
		verification *tls.CertificateVerificationError
		unknown      x509.UnknownAuthorityError
		hostname     x509.HostnameError
		invalid      x509.CertificateInvalidError
		record       tls.RecordHeaderError
		alert        *net.OpError
	)
	return errors.As(err, &verification) || errors.As(err, &unknown) || errors.As(err, &hostname) ||
		errors.As(err, &invalid) || errors.As(err, &record) ||
		errors.As(err, &alert) && (alert.Op == "remote error" || alert.Op == "local error") // crypto/tls alerts
}

// rootCause leaves out the addresses of the host's network, which the sandbox has no business to know.
func rootCause(err error) string {
	var op *net.OpError
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		if dns.IsNotFound {
			return "no such host"
		}
		return "its name cannot be resolved"
	case errors.As(err, &op):
		return op.Err.Error()
	}
	return err.Error()
}

// header and phrase carry the denial's number to programs that show neither body nor fields.
func (r *refusal) header() http.Header {
	h := http.Header{"Content-Type": {"application/json"}, "Cache-Control": {"no-store"}}
	if r.id > 0 && !r.outside() {
		h.Set(denialField, strconv.FormatInt(r.id, 10))
	}
	return h
}

func (r *refusal) phrase() string {
	switch {
	case r.outside():
		return fmt.Sprintf("%s (exeat: %s)", http.StatusText(r.status), r.decision.Code)
	case r.id > 0:
		return fmt.Sprintf("denied by exeat: %d", r.id)
	}
	return "denied by exeat"
}

// outside reports that nothing was denied: what failed is beyond us.
func (r *refusal) outside() bool {
	switch r.decision.Code {
	case codeUpstreamTLS, codeUpstreamTimeout, codeUpstreamUnreachable:
		return true
	}
	return false
}
