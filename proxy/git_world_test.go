package proxy_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"exeat/proxy/identity"
)

// gitPolicy reads everything on git.example and pushes nowhere.
const gitPolicy = `version: 1
network_policies:
  git:
    endpoints:
      - host: git.example
        port: 443
        protocol: rest
        enforcement: enforce
        rules:
          - allow: { method: GET, path: "/**" }
          - allow: { method: POST, path: "/**/git-upload-pack" }
          - allow: { method: POST, path: "/allowed.git/git-receive-pack" }
    binaries:
      - { path: /usr/lib/git-core/git-remote-http }
`

const gitCaller = "/usr/lib/git-core/git-remote-http"

// gitWorld serves two bare repositories with git's own backend and returns a clone with a commit in it.
type gitWorld struct {
	*world
	root, clone string
	env         []string
}

func newGitWorld(t *testing.T, door string) *gitWorld {
	t.Helper()
	for _, program := range []string{"git", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("%s is missing: apt-get install git curl", program)
		}
	}
	w := &gitWorld{world: newWorld(t, gitPolicy), root: t.TempDir(), clone: t.TempDir()}
	w.as(identity.Caller{Exe: gitCaller})
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(bundle, w.authority.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	w.env = append(os.Environ(), "GIT_SSL_CAINFO="+bundle, "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_TERMINAL_PROMPT=0", "HOME="+t.TempDir(), "LC_ALL=C",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example")
	for _, name := range []string{"refused.git", "allowed.git"} {
		w.git(t, w.root, "init", "-q", "--bare", "-b", "main", name)
		w.git(t, filepath.Join(w.root, name), "config", "http.receivepack", "true")
	}
	path := strings.TrimSpace(w.git(t, w.root, "--exec-path"))
	backend := &cgi.Handler{
		Path: filepath.Join(path, "git-http-backend"), Root: "/",
		Env:    []string{"GIT_PROJECT_ROOT=" + w.root, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_GLOBAL=/dev/null", "HOME=" + w.root},
		Logger: quiet(), Stderr: io.Discard,
	}
	w.origin("git.example", 443, func(rw http.ResponseWriter, r *http.Request) {
		if r.ContentLength < 0 { // CGI knows no chunks
			body, _ := io.ReadAll(r.Body)
			r.Body, r.ContentLength, r.TransferEncoding = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
		}
		backend.ServeHTTP(rw, r)
	})
	w.through(t, door)
	w.git(t, w.clone, "init", "-q", "-b", "main")
	w.commit(t, "hello_world.py", 10)
	return w
}

// through makes git's connections come in by a door. git cannot be redirected without netfilter, so
// that for the transparent door a proxy stands in: it answers CONNECT and copies to the door.
func (w *gitWorld) through(t *testing.T, door string) {
	proxy := w.explicit
	if door == transparent {
		to := w.transparent("git.example", 443)
		redirector := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			rw.WriteHeader(200)
			client, _, err := http.NewResponseController(rw).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer client.Close()
			up, err := net.Dial("tcp", to)
			if err != nil {
				t.Error(err)
				return
			}
			defer up.Close()
			go func() { _, _ = io.Copy(up, client) }()
			_, _ = io.Copy(client, up)
		}))
		t.Cleanup(redirector.Close)
		proxy = redirector.Listener.Addr().String()
	}
	w.env = append(w.env, "HTTPS_PROXY=http://"+proxy, "https_proxy=http://"+proxy, "NO_PROXY=", "no_proxy=")
}

func (w *gitWorld) commit(t *testing.T, name string, size int) {
	t.Helper()
	content := make([]byte, size)
	for i := range content {
		content[i] = byte(i*i>>3 ^ i*7 ^ i>>9)
	}
	if err := os.WriteFile(filepath.Join(w.clone, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
	w.git(t, w.clone, "add", name)
	w.git(t, w.clone, "commit", "-q", "-m", name)
}

// run returns what git prints and whether it was content.
func (w *gitWorld) run(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = dir, w.env, &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // its helpers hold the pipe open
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (w *gitWorld) git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := w.run(t, dir, args...)
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}
