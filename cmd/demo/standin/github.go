package standin

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/cgi"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// GitHub serves github.com and api.github.com for the repositories below Root.
type GitHub struct {
	Root    string // holds OWNER/NAME.git
	Token   string // the only token that may write
	backend string

	mu       sync.Mutex
	requests []string // "METHOD host/path", as they arrived
}

// NewGitHub makes the stand-in with the given empty repositories ("acme/widgets").
func NewGitHub(ctx context.Context, root, token string, repositories ...string) (*GitHub, error) {
	execPath, err := exec.CommandContext(ctx, "git", "--exec-path").Output()
	if err != nil {
		return nil, fmt.Errorf("find git: %w", err)
	}
	hub := &GitHub{Root: root, Token: token, backend: filepath.Join(strings.TrimSpace(string(execPath)), "git-http-backend")}
	for _, name := range repositories {
		if err := hub.create(ctx, name); err != nil {
			return nil, err
		}
	}
	return hub, nil
}

// create makes a bare repository with one commit on main, so that a clone has something.
func (hub *GitHub) create(ctx context.Context, name string) error {
	dir := hub.dir(name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, args := range [][]string{{"init", "-q", "--bare", "-b", "main"}, {"config", "http.receivepack", "true"}} {
		if _, err := hub.git(ctx, name, nil, args...); err != nil {
			return err
		}
	}
	_, err := hub.commit(ctx, name, "README.md", []byte("# "+name+"\n"), "first")
	return err
}

func (hub *GitHub) dir(name string) string { return filepath.Join(hub.Root, name+".git") }

// Listen serves TLS on the address until the context ends.
func (hub *GitHub) Listen(ctx context.Context, address string, cert tls.Certificate) error {
	listener, err := tls.Listen("tcp", net.JoinHostPort(address, "443"), &tls.Config{Certificates: []tls.Certificate{cert}})
	if err != nil {
		return fmt.Errorf("listen as github: %w", err)
	}
	server := &http.Server{Handler: hub, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { server.Close() })
	go func() { _ = server.Serve(listener) }() // ends with Close
	return nil
}

// ServeHTTP notes the request and hands it to the API or to git.
func (hub *GitHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	hub.note(r)
	writes := strings.HasSuffix(r.URL.Path, "/git-receive-pack") || strings.Contains(r.URL.RawQuery, "git-receive-pack")
	switch {
	case r.Host == "api.github.com":
		hub.serveAPI(w, r)
	case writes && !hub.authorised(r):
		w.Header().Set("WWW-Authenticate", `Basic realm="GitHub"`)
		http.Error(w, "authentication required", http.StatusUnauthorized)
	default:
		hub.serveGit(w, r)
	}
}

func (hub *GitHub) note(r *http.Request) {
	hub.mu.Lock()
	defer hub.mu.Unlock()
	hub.requests = append(hub.requests, r.Method+" "+r.Host+r.URL.Path)
}

// Requests returns what has arrived so far.
func (hub *GitHub) Requests() []string {
	hub.mu.Lock()
	defer hub.mu.Unlock()
	return slices.Clone(hub.requests)
}

func (hub *GitHub) authorised(r *http.Request) bool {
	if _, password, ok := r.BasicAuth(); ok {
		return password == hub.Token
	}
	kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return (strings.EqualFold(kind, "bearer") || strings.EqualFold(kind, "token")) && token == hub.Token
}

// serveGit is git's own server over CGI, as any self-hosted git would run it.
func (hub *GitHub) serveGit(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path // github.com serves a repository with and without .git
	if parts := strings.SplitN(strings.TrimPrefix(path, "/"), "/", 3); len(parts) == 3 && !strings.HasSuffix(parts[1], ".git") {
		r.URL.Path = "/" + parts[0] + "/" + parts[1] + ".git/" + parts[2]
	}
	handler := cgi.Handler{
		Path: hub.backend, Root: "/", Dir: hub.Root,
		Env: []string{"GIT_PROJECT_ROOT=" + hub.Root, "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=octocat", "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*"},
	}
	handler.ServeHTTP(w, r)
}

// git runs one git command in a repository.
func (hub *GitHub) git(ctx context.Context, name string, input []byte, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"--git-dir", hub.dir(name)}, args...)...)
	cmd.Stdin = strings.NewReader(string(input))
	cmd.Env = append(os.Environ(), "GIT_AUTHOR_NAME=GitHub", "GIT_AUTHOR_EMAIL=noreply@github.com", "GIT_COMMITTER_NAME=GitHub", "GIT_COMMITTER_EMAIL=noreply@github.com")
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, exit.Stderr)
	}
	return strings.TrimSpace(string(out)), err
}
