package cmd

import (
	"strconv"
	"strings"
	"time"

	"exeat/store"
)

// denialFields are what the log shows of a denial: its fields, and what would allow it.
func denialFields(d store.Decision) [][2]string {
	fields := d.Fields(strconv.Itoa(d.PID))
	if d.RuleMissing != "" {
		fields = append(fields, [2]string{"rule_missing", strings.Join(strings.Fields(d.RuleMissing), " ")})
	}
	if d.Duration > 0 { // it was allowed until then
		fields = append(fields, [2]string{"took", took(d.Duration)})
	}
	return fields
}

// record is a decision as JSON; the names are those of the text and only grow.
type record struct {
	Time       time.Time `json:"time"`
	Action     string    `json:"l7_action,omitempty"`
	Target     string    `json:"l7_target,omitempty"`
	Decision   string    `json:"l7_decision"`
	Host       string    `json:"dst_host"`
	Port       int       `json:"dst_port"`
	Protocol   string    `json:"l7_protocol"`
	Policy     string    `json:"policy"`
	Reason     string    `json:"l7_deny_reason,omitempty"`
	Asked      string    `json:"l7_asked,omitempty"` // of an allowed request, where its method and path do not say it
	Code       string    `json:"code,omitempty"`
	Layer      string    `json:"layer"`
	Binary     string    `json:"binary"`
	PID        int       `json:"pid"`
	Ancestors  []string  `json:"ancestors"`
	Tainted    string    `json:"tainted,omitempty"`
	Revision   int       `json:"revision"`
	ID         int64     `json:"id"`
	Missing    string    `json:"rule_missing,omitempty"`
	Credential string    `json:"credential,omitempty"`
	Status     int       `json:"status,omitempty"`
	Failed     string    `json:"failed,omitempty"` // why there is no answer of the origin's, or no whole one
	Open       bool      `json:"open,omitempty"`   // it still runs
	BytesIn    int64     `json:"bytes_in"`
	BytesOut   int64     `json:"bytes_out"`
	Millis     float64   `json:"duration_ms"`
	Count      int       `json:"count"`
	Last       time.Time `json:"last,omitzero"` // of more than one
}

func logRecord(d store.Decision) record {
	r := record{
		Time: d.Time, Action: d.Method, Target: d.Target, Decision: d.Verdict, Host: d.Host, Port: d.Port,
		Protocol: d.Protocol, Policy: d.Policy, Reason: d.Reason, Code: d.Code, Layer: d.Layer, Binary: d.Exe,
		PID: d.PID, Ancestors: list(d.Ancestors), Tainted: d.Tainted, Revision: d.Revision, ID: d.ID, Missing: d.RuleMissing,
		Credential: d.Credential, Status: d.Status, Failed: d.Failed, BytesIn: d.BytesIn, BytesOut: d.BytesOut,
		Millis: float64(d.Duration.Microseconds()) / 1000, Count: max(d.Count, 1),
	}
	if d.Verdict == store.VerdictAllow {
		r.Reason, r.Asked = "", d.Reason
	}
	if d.Count > 1 {
		r.Last = d.Last
	}
	return r
}
