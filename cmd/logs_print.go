package cmd

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"exeat/policy"
	"exeat/store"
)

// logView is how decisions are shown.
type logView struct {
	json  bool
	since time.Time // when the sandbox that runs was started: what it asked for before has ended; zero for one that does not run
}

// startMargin is how much later than its first request a sandbox may be noted as started.
const startMargin = time.Second

// open reports that a request still runs. A message of a WebSocket is sent or not, and never ends by itself.
func (v logView) open(d store.Decision) bool {
	return d.Verdict != store.VerdictDeny && d.Duration == 0 && d.Method != policy.SocketText &&
		!v.since.IsZero() && d.Time.After(v.since.Add(-startMargin))
}

// printDecisions prints one JSON object a line, or text for people.
func printDecisions(env Env, view logView, decisions []store.Decision) error {
	enc := json.NewEncoder(env.Out)
	enc.SetEscapeHTML(false)
	for _, d := range decisions {
		var err error
		switch {
		case view.json:
			r := logRecord(d)
			r.Open = view.open(d)
			err = enc.Encode(r)
		case d.Verdict == store.VerdictDeny:
			err = printDenial(env, d)
		default:
			err = printAllowed(env, view, d)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func printAllowed(env Env, view logView, d store.Decision) error {
	what := d.Layer
	if d.Method != "" {
		what = d.Method + " " + d.Target
	}
	binary := d.Exe
	if d.Tainted != "" {
		binary += " tainted=" + d.Tainted
	}
	_, err := fmt.Fprintf(env.Out, "%s %s %s:%d %s  policy=%s binary=%s%s id=%d%s\n",
		d.Time.Local().Format(time.DateTime), env.outStyle().good(d.Verdict), d.Host, d.Port, what, d.Policy, binary, view.ending(d), d.ID, allowedFor(d))
	return err
}

// ending is how a request ended, of what is known of it: a connection that is not inspected has no status.
func (v logView) ending(d store.Decision) string {
	var b strings.Builder
	if d.Status != 0 {
		fmt.Fprintf(&b, " status=%d", d.Status)
	}
	if d.Failed != "" {
		b.WriteString(" failed=" + d.Failed)
	}
	fmt.Fprintf(&b, " bytes=%d/%d", d.BytesIn, d.BytesOut)
	if d.Duration > 0 {
		b.WriteString(" took=" + took(d.Duration))
	} else if v.open(d) {
		b.WriteString(" open")
	}
	return b.String()
}

// took is a duration in two or three digits: 35ms, 1.2s, 5m3s.
func took(d time.Duration) string {
	switch {
	case d < time.Second:
		return max(d.Round(time.Millisecond), time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// allowedFor is what of an allowed request its method and path do not say: what
// its body asked for, or why it would have been denied where that is not enforced.
// It is quoted, as part of it may be chosen in the sandbox: a name in a query
// must not pass for a field of this line.
func allowedFor(d store.Decision) string {
	switch {
	case d.Reason == "":
		return ""
	case d.Verdict == store.VerdictAllow:
		return fmt.Sprintf(" asked=%q", d.Reason)
	}
	return fmt.Sprintf(" not_enforced=%q", d.Reason)
}

func printDenial(env Env, d store.Decision) error {
	head := d.Time.Local().Format(time.DateTime) + " " + env.outStyle().bad("deny")
	if d.Count > 1 {
		head += fmt.Sprintf(" (%d times)", d.Count)
	}
	fmt.Fprintln(env.Out, head)
	if err := pairs(env.Out, denialFields(d)); err != nil {
		return err
	}
	_, err := fmt.Fprintln(env.Out)
	return err
}
