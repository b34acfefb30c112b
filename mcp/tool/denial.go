package tool

import (
	"encoding/json"
	"strings"
	"time"

	"exeat/policy"
)

// Denial is a recorded denial as the servers keep it.
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
}

// View is a denial as an agent reads it. What the program in the sandbox chose
// freely stands only under untrusted: a path can read like an instruction.
type View struct {
	ID        int64     `json:"id"`
	Last      time.Time `json:"last_at"`
	Count     int       `json:"count"`
	Host      string    `json:"host"`
	Port      int       `json:"port"`
	Protocol  string    `json:"protocol"`
	Method    string    `json:"method,omitempty"`
	Policy    string    `json:"policy"`
	Code      string    `json:"kind"`
	Reason    string    `json:"reason"`
	Untrusted Untrusted `json:"untrusted"`
}

// Untrusted holds text chosen by a program in the sandbox.
type Untrusted struct {
	Target  string `json:"target,omitempty"`
	Process string `json:"process"`
}

// maxText bounds each untrusted text in a result; the record has it whole.
const maxText = 300

// Show turns a denial into its view.
func (d Denial) Show() View {
	return View{
		ID: d.ID, Last: d.Last, Count: max(d.Count, 1), Host: clip(d.Host), Port: d.Port, Protocol: d.Protocol, Method: clip(d.Method),
		Policy: d.Policy, Code: d.Code, Reason: reason(d), Untrusted: Untrusted{clip(d.Target), clip(strings.Join(append([]string{d.Exe}, d.Ancestors...), " < "))},
	}
}

// reason is the record's sentence without the target, which is untrusted text.
func reason(d Denial) string {
	if d.Target == "" || d.Target == "/" {
		return clip(d.Reason)
	}
	return clip(strings.ReplaceAll(d.Reason, d.Target, "[target]"))
}

func clip(text string) string {
	if len(text) <= maxText {
		return text
	}
	return text[:maxText] + "..."
}

// Wanted is what the denied program asked for, to suggest an addition from.
func (d Denial) Wanted() policy.Wanted {
	return policy.Wanted{Host: d.Host, Port: d.Port, Protocol: d.Protocol, Method: d.Method, Path: d.Target, Binary: d.Exe, Ancestors: d.Ancestors}
}

// Judge decides the denied request again, under another policy.
func (d Denial) Judge(engine *policy.Engine) policy.Decision {
	admission := engine.Connect(policy.Destination{
		Host: d.Host, Port: d.Port, Caller: policy.Caller{Exe: d.Exe, Ancestors: d.Ancestors},
	})
	if admission.Decision.Verdict == policy.Denied || !admission.Inspect || d.Method == "" {
		return admission.Decision
	}
	return admission.Request(policy.Request{Method: d.Method, Path: d.Target})
}

// budget is how many bytes of denials one result holds: Codex cuts at about 12 kB.
const budget = 8 << 10

// Page takes denials while they fit a result, and returns the id to go on after.
func Page(denials []Denial, limit int) (views []View, next int64) {
	views = []View{}
	used := 0
	for i, d := range denials {
		view := d.Show()
		text, err := json.Marshal(view)
		if err != nil {
			continue
		}
		if used += len(text); i > 0 && (used > budget || i >= limit) {
			return views, denials[i-1].ID
		}
		views = append(views, view)
	}
	return views, 0
}
