package standin

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// serveAPI answers GET and PUT /repos/OWNER/NAME/contents/PATH, the contents
// API of docs.github.com/rest/repos/contents, and nothing else.
func (hub *GitHub) serveAPI(w http.ResponseWriter, r *http.Request) {
	owner, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/repos/"), "/")
	repository, file, found := strings.Cut(rest, "/contents/")
	name := owner + "/" + repository
	if _, err := os.Stat(hub.dir(name)); err != nil || !found || file == "" {
		answer(w, http.StatusNotFound, map[string]string{"message": "Not Found"})
		return
	}
	switch r.Method {
	case http.MethodGet:
		hub.getContents(w, r, name, file)
	case http.MethodPut:
		hub.putContents(w, r, name, file)
	default:
		answer(w, http.StatusMethodNotAllowed, map[string]string{"message": "Method Not Allowed"})
	}
}

func (hub *GitHub) getContents(w http.ResponseWriter, r *http.Request, name, file string) {
	text, err := hub.git(r.Context(), name, nil, "show", "main:"+file)
	if err != nil {
		answer(w, http.StatusNotFound, map[string]string{"message": "Not Found"})
		return
	}
	answer(w, http.StatusOK, map[string]any{"path": file, "content": []byte(text), "encoding": "base64"})
}

func (hub *GitHub) putContents(w http.ResponseWriter, r *http.Request, name, file string) {
	if !hub.authorised(r) {
		answer(w, http.StatusUnauthorized, map[string]string{"message": "Bad credentials"})
		return
	}
	var body struct {
		Message string `json:"message"`
		Content []byte `json:"content"` // base64, as encoding/json reads []byte
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&body); err != nil {
		answer(w, http.StatusUnprocessableEntity, map[string]string{"message": err.Error()})
		return
	}
	sha, err := hub.commit(r.Context(), name, file, body.Content, body.Message)
	if err != nil {
		answer(w, http.StatusInternalServerError, map[string]string{"message": err.Error()})
		return
	}
	answer(w, http.StatusCreated, map[string]any{"content": map[string]string{"path": file}, "commit": map[string]string{"sha": sha}})
}

// commit writes one file on main of a bare repository.
func (hub *GitHub) commit(ctx context.Context, name, file string, content []byte, message string) (string, error) {
	blob, err := hub.git(ctx, name, content, "hash-object", "-w", "--stdin")
	if err != nil {
		return "", err
	}
	parent, _ := hub.git(ctx, name, nil, "rev-parse", "-q", "--verify", "refs/heads/main")
	tree, err := hub.tree(ctx, name, parent, "100644,"+blob+","+file)
	if err != nil {
		return "", err
	}
	args := []string{"commit-tree", tree, "-m", message}
	if parent != "" {
		args = append(args, "-p", parent)
	}
	sha, err := hub.git(ctx, name, nil, args...)
	if err != nil {
		return "", err
	}
	_, err = hub.git(ctx, name, nil, "update-ref", "refs/heads/main", sha)
	return sha, err
}

// tree is the parent's tree with one entry changed.
func (hub *GitHub) tree(ctx context.Context, name, parent, entry string) (string, error) {
	index := filepath.Join(hub.dir(name), "api-index")
	defer os.Remove(index)
	steps := [][]string{{"update-index", "--add", "--cacheinfo", entry}, {"write-tree"}}
	if parent != "" {
		steps = append([][]string{{"read-tree", parent}}, steps...)
	}
	var last string
	for _, step := range steps {
		cmd := exec.CommandContext(ctx, "git", append([]string{"--git-dir", hub.dir(name)}, step...)...)
		cmd.Env = append(os.Environ(), "GIT_INDEX_FILE="+index)
		out, err := cmd.Output()
		if err != nil {
			return "", fmt.Errorf("git %s: %w", step[0], err)
		}
		last = strings.TrimSpace(string(out))
	}
	return last, nil
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
