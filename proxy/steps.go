package proxy

import (
	"bytes"
	"encoding/json"
	"fmt"

	"exeat/policy"
)

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
	Message     string   `json:"message"` // the field that gh, octokit, git-lfs and others show of any error
}

// HiddenAddress is what the sandbox is told of a denial whose reason names an
// address: names of the host's network would let it map what it cannot reach.
const HiddenAddress = "the name leads to an address that is not open to the sandbox; the record on the host says which"

// shown is the decision as the sandbox may read it, in whatever protocol.
func (r *refusal) shown() policy.Decision {
	d := r.decision
	if d.Code == policy.CodeAddress {
		d.Reason, d.RuleMissing = HiddenAddress, ""
	}
	return d
}

// denial renders the body; the path is without its query, which may hold secrets.
func (s *Server) denial(f *flow, r *refusal, method, path string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	d := r.shown()
	_ = e.Encode(denialBody{
		Error: string(d.Code), Policy: d.Policy, Detail: d.Reason, Layer: d.Layer, Protocol: d.Protocol,
		Method: method, Path: path, Host: f.host, Port: f.port, Binary: f.caller.Exe,
		RuleMissing: d.RuleMissing, NextSteps: s.nextSteps(r), Message: r.sentence(),
	})
	return b.Bytes()
}

// nextSteps tells an agent what to do instead of trying again.
func (s *Server) nextSteps(r *refusal) []string {
	d := r.decision
	if r.sent {
		return []string{"What the request asks for may have been done. Tell the user that exeat reported " + string(d.Code) + ", and look before you repeat it."}
	}
	switch d.Code {
	case codeUpstreamTLS, codeUpstreamTimeout, codeUpstreamUnreachable:
		return []string{"The policy allowed this request; the failure is outside. Retrying later may help, changing the policy does not."}
	case codeBusy, codeInternal, policy.CodeRecord:
		return []string{"Nothing is wrong with the request. Tell the user that exeat reported " + string(d.Code) + ", then retry."}
	case policy.CodePolicy, policy.CodeAddress:
	case codeDetached:
		return []string{
			"Nothing is wrong with the policy. Tell the user that the provider is detached from this sandbox.",
			fmt.Sprintf("On the host, `exeat sandbox provider attach %s PROVIDER` lends its secret again.", s.sandbox()),
			r.more("says more"),
		}
	case policy.CodeTooLong:
		return []string{
			"Send less, or have the limit of the endpoint raised from outside: no rule changes it.",
			s.report(r),
			r.more("says more"),
		}
	default:
		return []string{
			"No rule that is added to the policy can allow this request; change the request.",
			r.more("says more"),
		}
	}
	if d.RuleMissing == "" {
		return []string{
			"Stop retrying: no addition to the policy can allow this request.",
			r.more("says more"),
		}
	}
	return []string{
		"Stop retrying: the answer stays the same until the policy changes, and it can only be changed from outside the sandbox.",
		s.report(r),
		r.more("says what would allow it; await_change returns when it is allowed"),
	}
}

// report asks for what a user can do with a denial; the command stands in quotation marks, since some clients join the steps
// to one line.
func (s *Server) report(r *refusal) string {
	return fmt.Sprintf("Report denial %d to the user: on the host, `exeat logs %s --denied` shows it.", r.id, s.sandbox())
}

// deniedFile is where the sandbox finds its denials as text; the supervisor writes it.
const deniedFile = "/exeat/denials.log"

// more names the places inside where this denial can be read.
func (r *refusal) more(what string) string {
	return fmt.Sprintf("explain_denial with denial_id %d at http://%s/mcp %s. All denials are in %s.", r.id, insideName, what, deniedFile)
}

func (s *Server) sandbox() string {
	if s.cfg.SandboxName == "" {
		return "NAME"
	}
	return s.cfg.SandboxName
}

// denialField is the field with the number of a denial's record.
const denialField = "X-Exeat-Denial"
