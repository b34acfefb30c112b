package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"exeat/approvals/grant"
	"exeat/policy"
	"exeat/sandbox"
	"exeat/sandbox/toolbox"
	"exeat/store"
)

// prepareCreate gathers everything a sandbox is made of, and has it signed.
func prepareCreate(ctx context.Context, env Env, st *store.Store, opts createOptions) (sandbox.CreateArgs, error) {
	p, err := createPolicy(env, opts.policy)
	if err != nil {
		return sandbox.CreateArgs{}, err
	}
	if p, err = opts.paths.apply(env, p); err != nil {
		return sandbox.CreateArgs{}, err
	}
	spec, private, err := newSpec(ctx, env, st, opts)
	if err != nil {
		return sandbox.CreateArgs{}, err
	}
	create := sandbox.CreateArgs{ID: opts.id, Name: opts.name, Private: private}
	if create.Repo, err = findRepo(ctx, env, opts.repo); err != nil {
		return sandbox.CreateArgs{}, err
	}
	if create.Repo != nil {
		spec.Repo = sandbox.RepoOf(create.Repo)
	}
	first := grant.Genesis{ID: create.ID, Name: create.Name, Spec: spec, Policy: p}
	create.Revision, create.Spec, err = genesis(ctx, env, st, first, opts.frozen)
	return create, err
}

// createPolicy is the given file's policy, or the default one.
func createPolicy(env Env, file string) (*policy.Policy, error) {
	if file != "" {
		p, problems, err := loadPolicy(env, file)
		if err != nil {
			return nil, err
		}
		warn(env, problems)
		return p, nil
	}
	p, problems := policy.Parse("default policy", policy.Default())
	if problems.HasErrors() {
		return nil, problems
	}
	return p, nil
}

func newSpec(ctx context.Context, env Env, st *store.Store, opts createOptions) (store.Spec, sandbox.Private, error) {
	spec := store.Spec{Command: opts.command, NoKeep: opts.noKeep, HostPorts: opts.hostPorts, AllowSockets: opts.sockets, Observe: opts.observe}
	var private sandbox.Private
	var err error
	if err = checkPorts(opts.hostPorts); err != nil {
		return spec, private, err
	}
	if spec.Workdir, err = directory("workdir", opts.workdir); err != nil {
		return spec, private, err
	}
	if spec.Providers, err = attached(ctx, st, opts.providers); err != nil {
		return spec, private, err
	}
	if private.Env, err = variables(env, opts.env); err != nil {
		return spec, private, err
	}
	for name := range private.Env {
		spec.EnvNames = append(spec.EnvNames, name)
	}
	slices.Sort(spec.EnvNames)
	private.GitName, private.GitEmail = opts.identity()
	tools := toolbox.Home{Dir: realHome(env), Getenv: env.Getenv, Local: "/usr/local"}
	spec.Program = programUnderHome(tools, opts.command, spec.Workdir)
	if opts.toolchains {
		spec.Tools = toolchains(env, tools)
	}
	spec.Limits, err = newLimits(opts.limits)
	return spec, private, err
}

func checkPorts(ports []int) error {
	for _, port := range ports {
		if port < 1 || port > 65535 {
			return &usageError{fmt.Errorf("--host-port %d: want a port from 1 to 65535", port), "--host-port 5432"}
		}
	}
	return nil
}

// directory resolves a directory as the kernel will see it; what it is for begins the error.
func directory(what, dir string) (string, error) {
	if dir == "" {
		return "", nil
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	real, err := filepath.EvalSymlinks(abs)
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", what, abs, reason(err))
	}
	if info, err := os.Stat(real); err != nil || !info.IsDir() {
		return "", fmt.Errorf("%s %s: not a directory", what, real)
	}
	return real, nil
}

// reason is a file error without the system call and the path.
func reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// attached looks the providers up by name.
func attached(ctx context.Context, st *store.Store, names []string) ([]store.ProviderRef, error) {
	var refs []store.ProviderRef
	for _, name := range names {
		p, err := findProvider(ctx, st, name)
		if err != nil {
			return nil, err
		}
		refs = append(refs, store.ProviderRef{Name: p.Name, Type: p.Type, Hosts: p.Hosts, Variables: p.Variables, Account: p.Account})
	}
	return refs, nil
}

// variables reads --env: NAME=VALUE, or NAME for the value it has here.
func variables(env Env, entries []string) (map[string]string, error) {
	values := map[string]string{}
	for _, entry := range entries {
		name, value, given := strings.Cut(entry, "=")
		if name == "" || strings.ContainsAny(name, " \t\n\x00") {
			return nil, &usageError{fmt.Errorf("--env %q: want NAME=VALUE", entry), "--env EDITOR=vi"}
		}
		if !given {
			if value = env.Getenv(name); value == "" {
				return nil, &hintError{fmt.Errorf("--env %s: the variable is not set here", name), "--env " + name + "=VALUE"}
			}
		}
		values[name] = value
	}
	return values, nil
}

// lookUpIdentity asks git beside whatever is done until the answer is wanted.
func lookUpIdentity(ctx context.Context, repo string) (wait func() (name, email string)) {
	var name, email string
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		name, email = gitIdentity(ctx, repo)
	}()
	return func() (string, string) { <-asked; return name, email }
}

// gitIdentity is who the user is to git, in a repository where one is given: it
// may say otherwise. Without it a sandbox cannot commit.
func gitIdentity(ctx context.Context, repo string) (name, email string) {
	scope := []string{"config", "--global"}
	if repo != "" {
		scope = []string{"-C", repo, "config"}
	}
	out, err := exec.CommandContext(ctx, "git", append(scope, "--get-regexp", `^user\.(name|email)$`)...).Output()
	if err != nil {
		return "", "" // no git, or no identity: the sandbox has none either
	}
	for line := range strings.Lines(string(out)) {
		switch key, value, _ := strings.Cut(strings.TrimSpace(line), " "); key {
		case "user.name":
			name = value
		case "user.email":
			email = value
		}
	}
	return name, email
}
