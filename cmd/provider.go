package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"exeat/store"
)

func newProviderCommand(env Env) *cobra.Command {
	return parent("provider", "Keep credentials out of sandboxes and lend them to requests",
		newProviderCreateCommand(env), newProviderUpdateCommand(env),
		newProviderListCommand(env), newProviderGetCommand(env), newProviderDeleteCommand(env))
}

// findProvider looks a provider up by name.
func findProvider(ctx context.Context, st *store.Store, name string) (store.Provider, error) {
	p, err := st.Provider(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		hint := "exeat provider list"
		if all, _ := st.Providers(ctx); len(all) == 0 {
			hint = "exeat provider create --name " + name + " --type github --from-existing"
		}
		return p, &hintError{fmt.Errorf("no provider is called %q", name), hint}
	}
	return p, err
}

// providerRow is a provider as JSON; there is no secret in it.
type providerRow struct {
	Name        string    `json:"name"`
	Type        string    `json:"type"`
	Variables   []string  `json:"variables"`
	Hosts       []string  `json:"hosts"`
	Fingerprint string    `json:"fingerprint"`
	Created     time.Time `json:"created_at"`
	Source      string    `json:"source"`
	Kept        string    `json:"kept"` // "file" or "keyring"
}

func newProviderRow(p store.Provider) providerRow {
	return providerRow{p.Name, p.Type, p.Variables, p.Hosts, p.Fingerprint, p.CreatedAt, describeSource(p.Source, p.Variables), kept(p)}
}

// kept says where the secret is.
func kept(p store.Provider) string {
	if p.Keyring {
		return "keyring"
	}
	return "file"
}

func newProviderListCommand(env Env) *cobra.Command {
	return &cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Short: "List credential providers", Args: args(0, 0, "nothing"),
		RunE: func(c *cobra.Command, _ []string) error {
			return runProviderList(c.Context(), env, asJSON(c))
		},
	}
}

func runProviderList(ctx context.Context, env Env, json bool) error {
	st, err := env.Store(ctx)
	if err != nil {
		return err
	}
	defer st.Close()
	all, err := st.Providers(ctx)
	if err != nil {
		return err
	}
	if json {
		rows := []providerRow{}
		for _, p := range all {
			rows = append(rows, newProviderRow(p))
		}
		return writeJSON(env.Out, rows)
	}
	if len(all) == 0 {
		fmt.Fprintln(env.Err, "no providers (make one: exeat provider create --name my-github --type github --from-existing)")
		return nil
	}
	var rows [][]string
	for _, p := range all {
		rows = append(rows, []string{p.Name, p.Type, strings.Join(p.Variables, " "), strings.Join(p.Hosts, " ")})
	}
	return table(env.Out, []string{"NAME", "TYPE", "VARIABLES", "HOSTS"}, rows)
}

func newProviderGetCommand(env Env) *cobra.Command {
	return &cobra.Command{
		Use: "get NAME", Short: "Show a provider, without its secret", Args: args(1, 1, "the name of a provider"),
		ValidArgsFunction: completeProviders(env),
		RunE: func(c *cobra.Command, words []string) error {
			st, err := env.Store(c.Context())
			if err != nil {
				return err
			}
			defer st.Close()
			p, err := findProvider(c.Context(), st, words[0])
			if err != nil {
				return err
			}
			if asJSON(c) {
				return writeJSON(env.Out, newProviderRow(p))
			}
			return pairs(env.Out, [][2]string{
				{"name", p.Name},
				{"type", p.Type},
				{"variables", strings.Join(p.Variables, ", ")},
				{"hosts", strings.Join(p.Hosts, ", ")},
				{"fingerprint", p.Fingerprint},
				{"source", describeSource(p.Source, p.Variables)},
				{"kept in", kept(p)},
				{"created", p.CreatedAt.Local().Format(time.DateTime)},
			})
		},
	}
}

func newProviderDeleteCommand(env Env) *cobra.Command {
	return &cobra.Command{
		Use: "delete NAME", Aliases: []string{"rm"}, Short: "Delete a provider and its secret", Args: args(1, 1, "the name of a provider"),
		ValidArgsFunction: completeProviders(env),
		RunE: func(c *cobra.Command, words []string) error {
			return runProviderDelete(c.Context(), env, words[0])
		},
	}
}

// runProviderDelete removes the secret first: a row without a secret is a nuisance, a secret without a row is forgotten.
func runProviderDelete(ctx context.Context, env Env, name string) error {
	boxes, done, err := env.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	p, err := findProvider(ctx, boxes.Store, name)
	if err != nil {
		return err
	}
	if err := unused(ctx, boxes, name); err != nil {
		return err
	}
	if err := env.dropSecret(ctx, p); err != nil {
		return err
	}
	if err := boxes.Store.DeleteProvider(ctx, name); err != nil {
		return err
	}
	if err := audit(ctx, env, boxes.Store, "delete provider", name, map[string]string{"type": p.Type, "kept": kept(p)}); err != nil {
		return err
	}
	fmt.Fprintf(env.Err, "deleted provider %s and its secret\n", name)
	return nil
}
