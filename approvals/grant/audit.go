package grant

import (
	"context"
	"encoding/json"

	"exeat/approvals/seal"
	"exeat/store"
)

// The actions this package writes to the audit log.
const (
	actionCreate  = "sign first revision"
	actionApprove = "sign revision"
	actionVoid    = "revision void" // signed, and not put in force
)

// entry is one line for the audit log.
type entry struct {
	by       store.Approver
	action   string
	revision store.Revision
	sandbox  string // name
	why      string
}

// detail is what an entry says beside who did what.
type detail struct {
	SandboxID string `json:"sandbox_id"`
	Revision  int    `json:"revision"`
	Digest    string `json:"digest"`
	Source    string `json:"source"`
	Statement string `json:"statement"` // digest
	Why       string `json:"why,omitempty"`
}

func (g Grant) record(ctx context.Context, e entry) error {
	text, err := json.Marshal(detail{
		SandboxID: e.revision.Sandbox, Revision: e.revision.Number, Digest: e.revision.Digest,
		Source: e.revision.Source, Statement: seal.Digest(e.revision.Statement), Why: e.why,
	})
	if err != nil {
		return err
	}
	_, err = g.Store.AppendAudit(ctx, store.AuditEntry{
		Time: g.now(), Actor: e.by.Name + " " + e.by.Fingerprint, Action: e.action, Subject: e.sandbox, Detail: text,
	})
	return err
}
