package redteam_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"exeat/cmd/demo/human"
)

// patience bounds every wait for what takes milliseconds on an idle machine.
const patience = 30 * time.Second

// secret is in everything of the host that an attacker may be after.
const secret = "a-secret-of-the-host"

// scene is one row on the stage: a workdir W below the home of a user who has
// secrets, and a sandbox with a name of its own.
type scene struct {
	t     *testing.T
	town  *town
	name  string
	home  string   // OUT to the scripts
	work  string   // W to the scripts; empty at first
	extra string   // network blocks
	seen  []string // what was in the workdir before, where a row compares
}

// decoys are the user's files; none of them may be read or changed.
var decoys = map[string]string{
	".ssh/id_ed25519": secret, ".aws/credentials": secret, ".bashrc": "# " + secret + "\n", "w/other/secret": secret, "victim/file": secret, ".netrc": secret,
}

func newScene(t *testing.T, town *town, a attack) *scene {
	t.Helper()
	s := &scene{t: t, town: town, name: strings.ToLower(a.id), home: town.home, extra: a.policy}
	s.work = filepath.Join(s.home, "w", s.name)
	must(t, os.MkdirAll(s.work, 0o755))
	copyTool(s, "attack") // no hard link: each new name changes the inode, and an identity with it
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_, _ = s.command(ctx, "sandbox", "delete", s.name).CombinedOutput()
		_ = os.RemoveAll(s.work)
	})
	return s
}

// policy is what every row's sandbox may do: little, and all of it inspected.
const policy = `version: 1
filesystem_policy:
  include_workdir: true
  read_only: [/usr, /etc, /proc, /var/log]
  read_write: [/tmp, /dev/null]
landlock: { compatibility: best_effort }
network_policies:
  standing:
    endpoints:
      - { host: a.example.com, port: 443, protocol: rest, enforcement: enforce, access: read-only }
    binaries: [ { path: /usr/bin/curl, descendants: false } ]
`

func (s *scene) writePolicy() string {
	file := filepath.Join(s.work, "policy.yaml")
	text := policy + strings.ReplaceAll(s.extra, "W/", s.work+"/")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
	return file
}

func (s *scene) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "exeat", args...)
	cmd.Env = append(os.Environ(), "HOME="+s.home, "XDG_RUNTIME_DIR="+s.town.run, "NO_COLOR=1")
	cmd.Env = append(cmd.Env, s.town.exported...)
	cmd.WaitDelay = time.Second
	return cmd
}

// exeat runs one command line and returns all it printed.
func (s *scene) exeat(args ...string) string {
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	out, _ := s.command(ctx, args...).CombinedOutput() // the attack's own exit code says nothing
	return string(out)
}

// arguments of `exeat` that create the row's sandbox.
func (s *scene) arguments(argv ...string) []string {
	args := []string{
		"sandbox", "create", s.name, "--policy", s.writePolicy(), "--workdir", s.work, "--frozen",
		"--env", "OUT=" + s.home, "--env", "W=" + s.work, "--env", "T=" + s.work, "--env", "RUN=" + s.town.run,
	}
	if len(argv) > 0 {
		args = append(append(args, "--"), argv...)
	}
	return args
}

// create runs a script in a new sandbox, which stays, and returns what it printed.
func (s *scene) create(script string) string {
	return s.exeat(s.arguments("sh", "-c", script)...)
}

// terminal is create for a program at a terminal; it returns the screen.
func (s *scene) terminal(argv ...string) string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	h, err := human.Sit(s.command(ctx, s.arguments(argv...)...))
	must(s.t, err)
	_, err = h.Leave()
	must(s.t, err)
	return h.Screen()
}

// idle makes the sandbox without a command.
func (s *scene) idle() { s.created(s.exeat(s.arguments()...)) }

func (s *scene) created(out string) {
	s.t.Helper()
	if !strings.Contains(out, "created sandbox "+s.name) {
		s.t.Fatalf("not created:\n%s", out)
	}
}

func (s *scene) exec(script string) string {
	return s.exeat("sandbox", "exec", s.name, "--", "sh", "-c", script)
}

// denial is what the log must say. Exe may end in "*" or begin with "W/".
type denial struct {
	exe, ancestor, host string
	port                int
	code                string
	target              string // a path, of a file or a request; "" for any
}

// logged is a line of `exeat logs --json`.
type logged struct {
	Decision  string   `json:"l7_decision"`
	Host      string   `json:"dst_host"`
	Port      int      `json:"dst_port"`
	Code      string   `json:"code"`
	Target    string   `json:"l7_target"`
	Binary    string   `json:"binary"`
	Ancestors []string `json:"ancestors"`
}

// log reads the sandbox's record.
func (s *scene) log(flags ...string) (all []logged) {
	s.t.Helper()
	out := s.exeat(append([]string{"logs", s.name, "--json"}, flags...)...)
	for line := range strings.Lines(out) {
		var l logged
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			s.t.Fatalf("logs: %v in %q", err, out)
		}
		all = append(all, l)
	}
	return all
}

// recorded wants a denial in the log, and returns it in words.
func (s *scene) recorded(want denial) string {
	s.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		all := s.log("--denied") // what is observed is recorded a moment after it went on
		for _, got := range all {
			if want.fits(got, s.work) {
				return fmt.Sprintf("%s %s:%d by %s: %s", got.Decision, got.Host, got.Port, strings.TrimPrefix(got.Binary, s.work+"/"), got.Code)
			}
		}
		if time.Now().After(deadline) {
			s.t.Errorf("no record %+v among %+v", want, all)
			return ""
		}
	}
}

func (d denial) fits(got logged, work string) bool {
	exe := strings.Replace(d.exe, "W/", work+"/", 1)
	if prefix, ok := strings.CutSuffix(exe, "*"); ok {
		exe = got.Binary[:min(len(prefix), len(got.Binary))] + strings.TrimPrefix(got.Binary, prefix)
	}
	target := strings.NewReplacer("W/", work+"/", "OUT/", filepath.Dir(filepath.Dir(work))+"/").Replace(d.target)
	return got.Decision == "deny" && (target == "" || target == got.Target) && (d.exe == "" || exe == got.Binary) && d.host == got.Host && d.port == got.Port &&
		d.code == got.Code && (d.ancestor == "" || slices.Contains(got.Ancestors, strings.Replace(d.ancestor, "W/", work+"/", 1)))
}

// unharmed looks at what the user has.
func (s *scene) unharmed() {
	s.t.Helper()
	for name, text := range decoys {
		if got, err := os.ReadFile(filepath.Join(s.home, name)); err != nil || string(got) != text {
			s.t.Errorf("%s was changed: %q, %v", name, got, err)
		}
	}
}
