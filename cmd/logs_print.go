package cmd

import (
	"encoding/json"
	"fmt"
	"time"

	"exeat/store"
)

// printDecisions prints one JSON object a line, or text for people.
func printDecisions(env Env, decisions []store.Decision, asJSON bool) error {
	enc := json.NewEncoder(env.Out)
	enc.SetEscapeHTML(false)
	for _, d := range decisions {
		var err error
		switch {
		case asJSON:
			err = enc.Encode(logRecord(d))
		case d.Verdict == store.VerdictDeny:
			err = printDenial(env, d)
		default:
			err = printAllowed(env, d)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func printAllowed(env Env, d store.Decision) error {
	what := d.Layer
	if d.Method != "" {
		what = d.Method + " " + d.Target
	}
	binary := d.Exe
	if d.Tainted != "" {
		binary += " tainted=" + d.Tainted
	}
	_, err := fmt.Fprintf(env.Out, "%s %s %s:%d %s  policy=%s binary=%s status=%d bytes=%d/%d id=%d%s\n",
		d.Time.Local().Format(time.DateTime), env.outStyle().good(d.Verdict), d.Host, d.Port, what, d.Policy, binary, d.Status, d.BytesIn, d.BytesOut, d.ID, allowedFor(d))
	return err
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
