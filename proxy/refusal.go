package proxy

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"

	"exeat/policy"
)

// Codes of answers that are not the policy's, beside those of package policy.
const (
	codeUpstreamTLS         policy.Code = "upstream_tls"
	codeUpstreamUnreachable policy.Code = "upstream_unreachable"
	codeUpstreamTimeout     policy.Code = "upstream_timeout"
	codeInternal            policy.Code = "internal_error"
	codeForeign             policy.Code = "foreign_credential" // somebody else's key to a provider's host
)

// refusal is an answer of our own instead of the origin's.
type refusal struct {
	status   int
	decision policy.Decision
	id       int64 // of the record it already has; 0: it needs one
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

func malformed(err error) *refusal {
	status := http.StatusBadRequest
	if v, ok := errors.AsType[*violation](err); ok {
		status = v.Status
	}
	return refuse(status, policy.CodeMalformed, err.Error())
}

// unrecorded answers when the record cannot be kept: no record, no access.
func unrecorded() *refusal {
	r := refuse(http.StatusServiceUnavailable, policy.CodeRecord, "the decision cannot be recorded, so nothing is let through")
	r.id = -1
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
	var timeout net.Error
	where := f.authority(false)
	switch {
	case isTLSError(err):
		return refuse(http.StatusBadGateway, codeUpstreamTLS, fmt.Sprintf("the certificate or TLS of %s was not accepted: %v", where, rootCause(err)))
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return refuse(http.StatusGatewayTimeout, codeUpstreamTimeout, fmt.Sprintf("%s did not answer in time", where))
	}
	return refuse(http.StatusBadGateway, codeUpstreamUnreachable, fmt.Sprintf("%s could not be reached: %v", where, rootCause(err)))
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

// denialBody is the JSON body of an answer that explains itself.
type denialBody struct {
	Error       string   `json:"error"`
	Policy      string   `json:"policy"`
	Detail      string   `json:"detail"`
	Layer       string   `json:"layer"`
	Protocol    string   `json:"protocol"`
	Method      string   `json:"method"`
	Path        string   `json:"path"`
	Host        string   `json:"host"`
	Port        int      `json:"port"`
	Binary      string   `json:"binary"`
	RuleMissing string   `json:"rule_missing"`
	NextSteps   []string `json:"next_steps"`
}

// HiddenAddress is what the sandbox is told of a denial whose reason names an
// address: names of the host's network would let it map what it cannot reach.
const HiddenAddress = "the name leads to an address that is not open to the sandbox; the record on the host says which"

// denial renders the body; the path is without its query, which may hold secrets.
func (s *Server) denial(f *flow, r *refusal, method, path string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	d := r.decision
	if d.Code == policy.CodeAddress {
		d.Reason, d.RuleMissing = HiddenAddress, ""
	}
	_ = e.Encode(denialBody{
		Error: string(d.Code), Policy: d.Policy, Detail: d.Reason, Layer: d.Layer, Protocol: d.Protocol,
		Method: method, Path: path, Host: f.host, Port: f.port, Binary: f.caller.Exe,
		RuleMissing: d.RuleMissing, NextSteps: s.nextSteps(r),
	})
	return b.Bytes()
}

// nextSteps tells an agent what to do instead of trying again.
func (s *Server) nextSteps(r *refusal) []string {
	d := r.decision
	switch d.Code {
	case codeUpstreamTLS, codeUpstreamTimeout, codeUpstreamUnreachable:
		return []string{"The policy allowed this request; the failure is outside. Retrying later may help, changing the policy does not."}
	case codeInternal, policy.CodeRecord:
		return []string{"Nothing is wrong with the request. Tell the user that exeat reported " + string(d.Code) + ", then retry."}
	case policy.CodePolicy, policy.CodeAddress:
	default:
		return []string{
			"No addition to the policy can allow this request; change the request.",
			fmt.Sprintf("explain_denial with denial_id %d at http://%s/mcp says more.", r.id, insideName),
		}
	}
	if d.RuleMissing == "" {
		return []string{
			"Stop retrying: no addition to the policy can allow this request.",
			fmt.Sprintf("explain_denial with denial_id %d at http://%s/mcp says more.", r.id, insideName),
		}
	}
	return []string{
		"Stop retrying: the answer stays the same until the policy changes, and it can only be changed from outside the sandbox.",
		fmt.Sprintf("Report denial %d to the user; on the host: exeat logs %s --denied", r.id, s.sandbox()),
		fmt.Sprintf("explain_denial with denial_id %d at http://%s/mcp says what would allow it; await_change returns when it is allowed.", r.id, insideName),
	}
}

func (s *Server) sandbox() string {
	if s.cfg.SandboxName == "" {
		return "NAME"
	}
	return s.cfg.SandboxName
}

// denialField is the field with the number of a denial's record.
const denialField = "X-Exeat-Denial"

// header and phrase carry the denial's number to programs that show neither body nor fields.
func (r *refusal) header() http.Header {
	h := http.Header{"Content-Type": {"application/json"}, "Cache-Control": {"no-store"}}
	if r.id > 0 {
		h.Set(denialField, strconv.FormatInt(r.id, 10))
	}
	return h
}

func (r *refusal) phrase() string {
	switch {
	case r.decision.Code == codeUpstreamTLS, r.decision.Code == codeUpstreamTimeout, r.decision.Code == codeUpstreamUnreachable:
		return http.StatusText(r.status)
	case r.id > 0:
		return fmt.Sprintf("denied by exeat: %d", r.id)
	}
	return "denied by exeat"
}
