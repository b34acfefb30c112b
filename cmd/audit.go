package cmd

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"exeat/approvals/seal"
	"exeat/store"
)

func newAuditCommand(env Env) *cobra.Command {
	return parent("audit", "Show and check the log of approvals", newAuditListCommand(env), newAuditVerifyCommand(env))
}

func newAuditListCommand(env Env) *cobra.Command {
	limit := 100
	c := &cobra.Command{
		Use: "list", Short: "Show who changed what, oldest first", Args: args(0, 0, "nothing"),
		RunE: func(c *cobra.Command, _ []string) error {
			return runAuditList(c.Context(), env, limit, asJSON(c))
		},
	}
	c.Flags().IntVarP(&limit, "tail", "n", limit, "only the last `count` entries")
	return c
}

// auditRow is an entry as JSON.
type auditRow struct {
	N       int64     `json:"n"`
	Time    time.Time `json:"time"`
	Actor   string    `json:"actor"`
	Action  string    `json:"action"`
	Subject string    `json:"subject"`
	Detail  string    `json:"detail,omitempty"`
	Hash    string    `json:"hash"`
}

func runAuditList(ctx context.Context, env Env, limit int, asJSON bool) error {
	st, err := env.Store(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	last, _, err := st.AuditHead(ctx)
	if err != nil {
		return err
	}
	entries, err := st.Audit(ctx, max(last-int64(limit), 0), limit)
	if err != nil {
		return err
	}
	rows, cells := []auditRow{}, [][]string{}
	for _, e := range entries {
		rows = append(rows, auditRow{e.N, e.Time, e.Actor, e.Action, e.Subject, string(e.Detail), e.Hash})
		cells = append(cells, []string{strconv.FormatInt(e.N, 10), e.Time.Local().Format(time.DateTime), e.Actor, e.Action, e.Subject, detailWords(e.Detail)})
	}
	if asJSON {
		return writeJSON(env.Out, rows)
	}
	return table(env.Out, []string{"N", "TIME", "ACTOR", "ACTION", "SUBJECT", "DETAIL"}, cells)
}

// detailWords is what a reader wants of an entry's detail; --json has the whole.
func detailWords(raw []byte) string {
	var detail struct {
		Revision int    `json:"revision"`
		Digest   string `json:"digest"`
		Source   string `json:"source"`
		Why      string `json:"why"`
	}
	if json.Unmarshal(raw, &detail) != nil || detail.Revision == 0 {
		return string(raw)
	}
	words := fmt.Sprintf("revision %d, %.12s, from %s", detail.Revision, detail.Digest, detail.Source)
	if detail.Why != "" {
		words += ": " + detail.Why
	}
	return words
}

func newAuditVerifyCommand(env Env) *cobra.Command {
	return &cobra.Command{
		Use: "verify", Short: "Check that no entry was changed or taken out", Args: args(0, 0, "nothing"),
		Long: `Check the chain of hashes through the log. Each signed approval holds the length
and head of the chain, so a tail that was cut off before the last approval is
found; one after it is not.`,
		RunE: func(c *cobra.Command, _ []string) error { return runAuditVerify(c.Context(), env, asJSON(c)) },
	}
}

func runAuditVerify(ctx context.Context, env Env, asJSON bool) error {
	st, err := env.Store(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	length, err := st.VerifyAudit(ctx)
	if err != nil {
		return err
	}
	signed, err := signedUpTo(ctx, st, length)
	if err != nil {
		return err
	}
	if asJSON {
		return writeJSON(env.Out, map[string]int64{"entries": length, "signed_up_to": signed})
	}
	_, err = fmt.Fprintf(env.Out, "ok: %d entries, signed up to entry %d\n", length, signed)
	return err
}

// signedUpTo finds the longest log any signed statement vouches for, and fails
// where the log is shorter than that or its entry there is another one.
func signedUpTo(ctx context.Context, st *store.Store, length int64) (int64, error) {
	boxes, err := st.Sandboxes(ctx)
	if err != nil {
		return 0, err
	}
	var most int64
	for _, box := range boxes {
		revisions, err := st.Revisions(ctx, box.ID)
		if err != nil {
			return 0, err
		}
		for _, r := range revisions {
			s, err := seal.Verify(r.Statement, r.Signature, box.Spec.Approvers)
			if err != nil {
				continue // frozen, or not signed: vouches for nothing
			}
			if err := vouches(ctx, st, s, length); err != nil {
				return 0, fmt.Errorf("sandbox %q, revision %d: %w", box.Name, r.Number, err)
			}
			most = max(most, s.AuditLength)
		}
	}
	return most, nil
}

// vouches compares one statement's head with the log.
func vouches(ctx context.Context, st *store.Store, s seal.Statement, length int64) error {
	if s.AuditLength > length {
		return fmt.Errorf("signed when the log had %d entries, now it has %d: its tail was cut off", s.AuditLength, length)
	}
	if s.AuditLength == 0 {
		return nil
	}
	at, err := st.Audit(ctx, s.AuditLength-1, 1)
	if err != nil {
		return err
	}
	if len(at) != 1 || at[0].Hash != s.AuditHead {
		return fmt.Errorf("signed over another entry %d than the log has", s.AuditLength)
	}
	return nil
}
