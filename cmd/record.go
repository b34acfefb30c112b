package cmd

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"exeat/store"
)

// audit writes down a change that nobody has to sign. Who made it is known by uid only.
func audit(ctx context.Context, env Env, st *store.Store, action, subject string, detail map[string]string) error {
	text, err := json.Marshal(detail)
	if err != nil {
		return err
	}
	_, err = st.AppendAudit(ctx, store.AuditEntry{
		Time: env.Now(), Actor: fmt.Sprintf("uid %d", os.Geteuid()), Action: action, Subject: subject, Detail: text,
	})
	return err
}
