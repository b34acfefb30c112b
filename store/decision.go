package store

import (
	"strings"
	"time"
)

// Decision is one answer to a connection or a request. Every text in it is plain
// ASCII on one line once it has been stored (RuleMissing: several lines).
type Decision struct {
	ID          int64 // given by the log, ascending, with gaps
	Time        time.Time
	Last        time.Time // when the last of Count was made; set by the log
	Revision    int       // of the policy that decided
	Exe         string
	PID         int
	Ancestors   []string // nearest first
	Tainted     string   // a file of the agent's own whose code ran in Exe; "" for none
	Host        string
	Port        int
	Layer       string // "l4", "l7", "file" or "record"
	Protocol    string
	Method      string
	Target      string // path; a query is dropped when it is stored
	Verdict     string // "allow", "deny" or "audit"
	Policy      string // the deciding block
	Code        string
	Reason      string
	RuleMissing string // YAML that would allow it
	Credential  string // name of the provider whose secret was used
	Ending
	Count int // how many identical denials this record stands for; at least 1
}

// Ending is how a request ended.
type Ending struct {
	Status   int           // of the response; 0 where nobody was given one
	BytesIn  int64         // that the sandbox received
	BytesOut int64         // that the sandbox sent
	Duration time.Duration // 0 until it has ended
	Failed   string        // the code of why there is no answer, or none of the origin's; "" where there is
}

// LayerFile is that of refused file accesses: Method is the operation, Target the
// path, and there is no host.
const LayerFile = "file"

// Verdicts that the store knows by name: denials have an index and may be counted together, and what is allowed
// is kept in few columns.
const (
	VerdictDeny  = "deny"
	VerdictAllow = "allow"
)

// neutralise makes all text of a decision safe for every reader to come.
func (d *Decision) neutralise() {
	for _, s := range []*string{
		&d.Exe, &d.Tainted, &d.Host, &d.Layer, &d.Protocol, &d.Method, &d.Verdict, &d.Policy, &d.Code, &d.Reason, &d.Credential, &d.Failed,
	} {
		*s = neutral(*s)
	}
	d.Target = neutralTarget(d.Target)
	d.RuleMissing = neutralRule(d.RuleMissing)
	d.Ancestors = neutralList(d.Ancestors)
}

// Schemas of decision files that readers must tell apart.
const (
	taintedSchema = 2 // the first with a column for taint
	codeSchema    = 3 // the first with an index of codes
	allowedSchema = 4 // the first with a table of what was allowed
	failedSchema  = 5 // the first with a column for why what was allowed failed

	newestSchema = failedSchema
)

const (
	firstColumns = `id, at, last_at, count, revision, exe, pid, ancestors, host, port, layer, protocol, method,
	target, verdict, policy, code, reason, rule_missing, credential, status, bytes_in, bytes_out, duration`
	decisionColumns = firstColumns + `, tainted, failed`
)

func scanDecision(row scanner) (d Decision, err error) {
	var ancestors *string
	err = row.Scan(&d.ID, (*instant)(&d.Time), (*instant)(&d.Last), &d.Count, &d.Revision, &d.Exe, &d.PID, &ancestors,
		&d.Host, &d.Port, &d.Layer, &d.Protocol, &d.Method, &d.Target, &d.Verdict, &d.Policy, &d.Code, &d.Reason,
		&d.RuleMissing, &d.Credential, &d.Status, &d.BytesIn, &d.BytesOut, &d.Duration, &d.Tainted, &d.Failed)
	if ancestors != nil {
		d.Ancestors = strings.Split(*ancestors, "\n")
	}
	return d, err
}

// values are the columns of a row. Neutral text has no newlines, so they can
// separate the ancestors.
func (d *Decision) values() []any {
	var ancestors any
	if len(d.Ancestors) > 0 {
		ancestors = strings.Join(d.Ancestors, "\n")
	}
	return []any{
		d.ID, d.Time.UnixNano(), d.Last.UnixNano(), d.Count, d.Revision, d.Exe, d.PID, ancestors,
		d.Host, d.Port, d.Layer, d.Protocol, d.Method, d.Target, d.Verdict, d.Policy, d.Code, d.Reason,
		d.RuleMissing, d.Credential, d.Status, d.BytesIn, d.BytesOut, int64(d.Duration), d.Tainted, d.Failed,
	}
}
