package agents

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/mark3labs/mcp-go/client"
)

// Inside is the agent in the sandbox. It tells the story a line at a time,
// each line beginning with Mark, so that the demo can find them on a terminal.
type Inside struct {
	Repository string // "acme/widgets", may be asked for
	Other      string // a repository nobody will allow
	mcp        *client.Client
}

// Mark begins the lines an agent prints; Last is the inside agent's last one.
const (
	Mark = "agent>"
	Last = "that is all"
)

// The commits the inside agent makes, by push and by the contents API.
const (
	PushCommit = "say hello"
	APICommit  = "say hello by API"
)

func say(format string, a ...any) { fmt.Printf(Mark+" "+format+"\n", a...) }

// Run plays the agent's part from the first push to the last.
func (in *Inside) Run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	for _, step := range []func(context.Context) error{in.write, in.denied, in.ask, in.wait, in.retry, in.other} {
		if err := step(ctx); err != nil {
			say("FAILED %v", err)
			return err
		}
	}
	say("%s", Last)
	return nil
}

// write clones, which the default policy allows, and commits a script.
func (in *Inside) write(ctx context.Context) error {
	if out, err := git(ctx, "", "clone", "-q", "https://github.com/"+in.Repository+".git", "work"); err != nil {
		return fmt.Errorf("clone: %w: %s", err, out)
	}
	if err := os.WriteFile("work/hello_world.py", []byte("print('hello world')\n"), 0o644); err != nil {
		return err
	}
	for _, args := range [][]string{{"add", "hello_world.py"}, {"commit", "-qm", PushCommit}} {
		if out, err := git(ctx, "work", args...); err != nil {
			return fmt.Errorf("%s: %w: %s", args[0], err, out)
		}
	}
	say("cloned %s, wrote and committed hello_world.py", in.Repository)
	return nil
}

// denied tries both ways to publish and wants both refused.
func (in *Inside) denied(ctx context.Context) error {
	out, err := git(ctx, "work", "push", "origin", "HEAD:main")
	if err == nil {
		return errors.New("the push went through without permission")
	}
	say("git push: refused: %s", lineWith(out, "denied"))
	status, body, err := in.put(ctx)
	if err != nil {
		return err
	}
	if status != "403" {
		return fmt.Errorf("PUT answered %s, want 403: %s", status, body)
	}
	say("PUT contents/hello_world.py: %s: %s", status, detail(body))
	return nil
}

// detail is the sentence in the body of a denial.
func detail(body string) string {
	var denied struct {
		Error  string `json:"error"`
		Detail string `json:"detail"`
	}
	if err := json.Unmarshal([]byte(body), &denied); err != nil {
		return body
	}
	return denied.Error + ": " + denied.Detail
}

// ask finds out why at the endpoint inside.
func (in *Inside) ask(ctx context.Context) error {
	c, err := client.NewStreamableHttpClient("http://exeat.local/mcp")
	if err != nil {
		return err
	}
	in.mcp = c
	if err := connect(ctx, c); err != nil {
		return err
	}
	var list denialList
	if err := call(ctx, c, "list_denials", map[string]any{}, &list); err != nil {
		return err
	}
	for _, d := range list.Denials {
		say("exeat.local/mcp: denial %d: %s (policy %s)", d.ID, d.Reason, d.Policy)
	}
	if len(list.Denials) < 2 {
		return fmt.Errorf("want at least 2 denials, got %d", len(list.Denials))
	}
	return nil
}

// wait sits in await_change until the policy allows every denial it was told of.
func (in *Inside) wait(ctx context.Context) error {
	var list denialList
	if err := call(ctx, in.mcp, "list_denials", map[string]any{}, &list); err != nil {
		return err
	}
	say("waiting for a change")
	for _, d := range list.Denials {
		for allowed := false; !allowed; {
			var answer struct {
				Allowed bool `json:"allowed"`
			}
			if err := call(ctx, in.mcp, "await_change", map[string]any{"denial_id": d.ID, "wait_seconds": 25}, &answer); err != nil {
				return err
			}
			allowed = answer.Allowed
		}
	}
	say("await_change: the policy allows it now")
	return nil
}

func (in *Inside) retry(ctx context.Context) error {
	if out, err := git(ctx, "work", "push", "origin", "HEAD:main"); err != nil {
		return fmt.Errorf("push: %w: %s", err, out)
	}
	say("git push: done")
	status, body, err := in.put(ctx)
	if err != nil {
		return err
	}
	if status != "201" {
		return fmt.Errorf("PUT answered %s, want 201: %s", status, body)
	}
	say("PUT contents/hello_world.py: %s", status)
	return nil
}

// other shows that the permission was for one branch of one repository.
func (in *Inside) other(ctx context.Context) error {
	for _, push := range [][2]string{{in.Repository, "HEAD:release"}, {in.Other, "HEAD:agent"}} {
		out, err := git(ctx, "work", "push", "https://github.com/"+push[0]+".git", push[1])
		if err == nil || !strings.Contains(out, "denied by exeat") {
			return fmt.Errorf("the push of %s to %s was not refused by exeat: %s", push[1], push[0], out)
		}
		say("git push of %s to %s: still refused: %s", push[1], push[0], lineWith(out, "denied"))
	}
	return nil
}

// put publishes the file with curl, as a shell script would.
func (in *Inside) put(ctx context.Context) (status, body string, err error) {
	content := base64.StdEncoding.EncodeToString([]byte("print('hello world')\n"))
	cmd := exec.CommandContext(ctx, "curl", "-sS", "-X", "PUT", "-w", "\n%{http_code}",
		"-H", "Authorization: token "+os.Getenv("GITHUB_TOKEN"),
		"-d", `{"message":"`+APICommit+`","content":"`+content+`"}`,
		"https://api.github.com/repos/"+in.Repository+"/contents/hello_world.py")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", "", fmt.Errorf("curl: %w: %s", err, out)
	}
	text := strings.TrimSpace(string(out))
	at := strings.LastIndexByte(text, '\n')
	return text[at+1:], strings.Join(strings.Fields(text[:max(at, 0)]), " "), nil
}

func git(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// lineWith picks the line that says what happened.
func lineWith(text, word string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, word) {
			return strings.TrimSpace(line)
		}
	}
	return text
}
