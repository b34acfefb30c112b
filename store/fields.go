package store

import (
	"cmp"
	"strconv"
	"strings"
)

// Fields are a denial's fields by name, in the one order in which every view
// shows them. The process id is the reader's: the host and the sandbox number
// the same process differently.
func (d Decision) Fields(pid string) [][2]string {
	if d.Layer == LayerFile {
		return d.fileFields(pid)
	}
	if d.Layer == LayerRecord {
		return [][2]string{{"decision", d.Verdict}, {"code", d.Code}, {"deny_reason", d.Reason}, {"id", strconv.FormatInt(d.ID, 10)}}
	}
	fields := [][2]string{
		{"l7_action", cmp.Or(d.Method, "-")},
		{"l7_target", cmp.Or(d.Target, "-")},
		{"l7_decision", d.Verdict},
		{"dst_host", d.Host},
		{"dst_port", strconv.Itoa(d.Port)},
		{"l7_protocol", d.Protocol},
		{"policy", d.Policy},
		{"l7_deny_reason", d.Reason},
		{"binary", cmp.Or(d.Exe, "unknown")},
		{"pid", pid},
		{"ancestors", cmp.Or(strings.Join(d.Ancestors, " < "), "-")},
	}
	if d.Tainted != "" {
		fields = append(fields, [2]string{"tainted", d.Tainted})
	}
	return append(fields, [2]string{"revision", strconv.Itoa(d.Revision)}, [2]string{"id", strconv.FormatInt(d.ID, 10)})
}

func (d Decision) fileFields(pid string) [][2]string {
	return [][2]string{
		{"file_action", d.Method},
		{"path", d.Target},
		{"decision", d.Verdict},
		{"policy", d.Policy},
		{"deny_reason", d.Reason},
		{"binary", cmp.Or(d.Exe, "unknown")},
		{"pid", pid},
		{"ancestors", cmp.Or(strings.Join(d.Ancestors, " < "), "-")},
		{"revision", strconv.Itoa(d.Revision)},
		{"id", strconv.FormatInt(d.ID, 10)},
	}
}
