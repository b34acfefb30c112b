package cmd

import (
	"context"
	"errors"
	"fmt"

	"exeat/approvals/grant"
	"exeat/approvals/seal"
	"exeat/cmd/ask"
	"exeat/store"
)

// anchorsPath is root's own list of approvers; where it exists no other key counts.
const anchorsPath = "/etc/exeat/approvers"

// grants is where changes are put in force; key is the one that is going to sign.
func (e Env) grants(st *store.Store, key string) (grant.Grant, error) {
	anchors, err := seal.ReadAnchors(anchorsPath)
	return grant.Grant{Store: st, Dirs: e.Dirs, Anchors: anchors, Approver: key, Now: e.Now}, err
}

// genesis makes a new sandbox's first revision: signed when a human is there
// to sign it, frozen otherwise.
func genesis(ctx context.Context, env Env, st *store.Store, first grant.Genesis, frozen bool) (store.Revision, store.Spec, error) {
	if frozen {
		revision, spec := first.Frozen()
		return revision, spec, nil
	}
	signer, err := firstSigner(ctx, env, first.Name)
	if why := cannotSign(err); why != "" {
		fmt.Fprintf(env.Err, "%s %s, so the sandbox is frozen: its policy can never be widened\n", env.errStyle().warn("note:"), why)
		revision, spec := first.Frozen()
		return revision, spec, nil
	}
	if err != nil {
		return store.Revision{}, first.Spec, err
	}
	defer signer.Close()
	grants, err := env.grants(st, signer.Approver().Fingerprint)
	if err != nil {
		return store.Revision{}, first.Spec, err
	}
	return grants.SignGenesis(ctx, first, signer)
}

// cannotSign tells a situation without a human from a mistake of one.
func cannotSign(err error) string {
	var agent *descentError
	switch {
	case errors.Is(err, ask.ErrNoTerminal):
		return "there is no terminal"
	case errors.As(err, &agent):
		return agent.Error()
	}
	return ""
}

// firstSigner opens the approver's key for a new sandbox, and makes one first
// where there is none.
func firstSigner(ctx context.Context, env Env, name string) (*seal.Signer, error) {
	tty, err := takeTerminal(ctx, env)
	if err != nil {
		return nil, err
	}
	defer tty.Close()
	key, err := seal.Load(env.keyPath())
	if errors.Is(err, seal.ErrNoKey) {
		return makeApprover(tty, env.keyPath(), "")
	}
	if err != nil {
		return nil, err
	}
	tty.Show(fmt.Sprintf("Sandbox %s: from now on only changes signed with your key are loaded.\n", name))
	return unlock(tty, key)
}
