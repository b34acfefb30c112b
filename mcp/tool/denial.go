package tool

import (
	"cmp"
	"strings"
	"time"

	"exeat/policy"
)

// Denial is a recorded denial as the servers keep it. All text in it is one
// line of printable ASCII: the store makes it so when it is written.
type Denial struct {
	ID          int64
	Last        time.Time
	Count       int
	Host        string
	Port        int
	Layer       string
	Protocol    string
	Method      string
	Target      string
	Policy      string
	Code        string
	Reason      string
	RuleMissing string
	Exe         string
	Ancestors   []string
	Tainted     string // a file of the agent's own that ran in it
}

// View is a denial as an agent reads it. What the program in the sandbox chose
// freely stands only under untrusted: a path can read like an instruction.
type View struct {
	ID        int64     `json:"id"`
	Last      time.Time `json:"last_at"`
	Count     int       `json:"count"`
	Host      string    `json:"host,omitempty"`
	Port      int       `json:"port"`
	Protocol  string    `json:"protocol"`
	Method    string    `json:"method,omitempty"`
	Policy    string    `json:"policy"`
	Kind      string    `json:"kind"`
	Reason    string    `json:"reason"` // our words for the kind
	Untrusted Untrusted `json:"untrusted"`
}

// Untrusted holds text chosen by a program in the sandbox, and sentences that quote it.
type Untrusted struct {
	Host    string `json:"host,omitempty"`   // where it is no name
	Method  string `json:"method,omitempty"` // where it is no method anybody uses
	Target  string `json:"target,omitempty"`
	Process string `json:"process"`
	Tainted string `json:"tainted,omitempty"` // a file of the agent's own whose code ran in it
	Detail  string `json:"detail,omitempty"`
	Rule    string `json:"rule_missing,omitempty"` // for a file: what would show it
}

// What may stand outside of untrusted, because it is too short and too plain to talk.
const (
	lower, upper, digits = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"

	longestHost, longestMethod, longestAction = 253, 20, 10
)

// plain reports a text that begins with one of first and goes on with those and others, no longer than that.
func plain(text, first, others string, longest int) bool {
	return text != "" && len(text) <= longest && strings.IndexByte(first, text[0]) >= 0 && strings.Trim(text, first+others) == ""
}

func plainHost(s string) bool   { return plain(s, lower+digits+":", "._-", longestHost) } // a name or an address
func plainMethod(s string) bool { return plain(s, upper, "-", longestMethod) }
func plainAction(s string) bool { return plain(s, lower, "", longestAction) } // on a file: our own word

// Show turns a denial into its view.
func (d Denial) Show() View {
	v := View{
		ID: d.ID, Last: d.Last.UTC(), Count: max(d.Count, 1), Host: d.Host, Port: d.Port, Protocol: d.Protocol,
		Method: d.Method, Policy: clip(d.Policy), Kind: d.Code,
		Untrusted: Untrusted{
			Target: clip(d.Target), Process: clip(strings.Join(append([]string{d.Exe}, d.Ancestors...), " < ")), Tainted: clip(d.Tainted), Detail: clip(d.Reason),
		},
	}
	if !plainHost(v.Host) {
		v.Host, v.Untrusted.Host = "", clip(d.Host)
	}
	if d.onFile() {
		v.Untrusted.Rule = clip(d.RuleMissing)
	}
	if !plainMethod(v.Method) && !(d.onFile() && plainAction(v.Method)) {
		v.Method, v.Untrusted.Method = "", clip(d.Method)
	}
	v.Reason = cmp.Or(v.Method, "connection") + " " + sentence(d.Code)
	return v
}

// onFile says whether a file was refused, not a connection.
func (d Denial) onFile() bool { return d.Code == string(policy.CodeFile) }

// Wanted is what the denied program asked for, to be judged again and to suggest an addition from.
func (d Denial) Wanted() policy.Wanted {
	return policy.Wanted{
		Host: d.Host, Port: d.Port, Protocol: d.Protocol, Method: d.Method, Path: d.Target,
		Binary: d.Exe, Ancestors: d.Ancestors, Tainted: d.Tainted, Missing: d.RuleMissing,
	}
}

// Judged says whether the policy alone decided, so that another policy may
// decide otherwise. A forbidden address, say, is refused whatever the policy
// says of the name.
func (d Denial) Judged() bool {
	switch policy.Code(d.Code) {
	case policy.CodePolicy, policy.CodeDenyRule:
		return true
	}
	return false
}

// Allowed says whether an engine would let through what was denied.
func (d Denial) Allowed(engine *policy.Engine) bool {
	return d.Judged() && engine.Judge(d.Wanted()).Verdict != policy.Denied
}

// Denials is a page of denials.
type Denials struct {
	Denials []View `json:"denials"`
	Next    int64  `json:"next_cursor,omitempty"` // the id to go on after
	Step    string `json:"next_step"`
}

// PageDenials shows denials while they fit a result. There are more than limit
// of them where there is another page.
func PageDenials(denials []Denial, limit int, step string) Denials {
	views := make([]View, len(denials))
	for i, d := range denials {
		views[i] = d.Show()
	}
	page := Denials{Denials: Page(views, limit), Step: step}
	if n := len(page.Denials); n < len(denials) {
		page.Next = denials[n-1].ID
	}
	return page
}
