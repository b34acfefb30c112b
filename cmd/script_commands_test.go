package cmd_test

import (
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"exeat/cmd/demo/human"
	"exeat/cmd/demo/standin"
)

type command = func(ts *testscript.TestScript, neg bool, args []string)

// commands are the scripts' own commands:
//
//	code N PROGRAM...   run it; its exit code is N
//	tty PROGRAM...      sit down at a terminal and start it
//	expect REGEXP       wait until the screen shows it
//	type TEXT           type a line; nothing for an empty one
//	type-digest         type the six digits that the screen shows
//	type-words          type the new passphrase that the screen shows, and keep it as WORDS
//	leave [CODE]        wait until the program ends; the screen becomes stdout
//	sign PROGRAM...     all of it for a program that asks for a signature
//	[!] arrived REGEXP  a request "METHOD host/path" reached GitHub
//	propose NAME FILE   an agent proposes the operations; sets $PROPOSAL
//	propose-offered NAME  the same with what explain_denial offers first for the newest denial
//	pids NAME           remember every process of a sandbox; sets $SUPERVISOR and $INIT
//	gone                wait until none of them lives and no mount of theirs is left
//	until PROGRAM...    run it until it succeeds
//	corporate LOGIN [FILE]  start a corporate proxy, with TLS of the authority in the file; sets $PROXY
//	[!] tunnelled REGEXP  it was asked for addresses that match, and for no others
//	sql FILE QUERY      do what no command would to a database
func (s *stage) commands() map[string]command {
	return map[string]command{
		"code": code, "tty": sit, "expect": expect, "type": typeLine, "type-digest": typeDigest, "type-words": typeWords, "leave": leave, "sign": s.sign,
		"arrived": s.arrived, "propose": propose, "propose-offered": proposeOffered, "pids": pids, "gone": gone, "until": until, "sql": query,
		"corporate": s.corporate, "tunnelled": s.tunnelled,
	}
}

func usage(ts *testscript.TestScript, ok bool, text string) {
	if !ok {
		ts.Fatalf("usage: %s", text)
	}
}

func code(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) >= 2, "code N program...")
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

// cast is who plays in a script beside its commands.
type cast struct {
	humans  []*human.Human     // at terminals; the last is the one who acts
	members map[int]string     // the processes that pids found: pid to start time
	proxy   *standin.Corporate // the one started last
}

type castKey struct{}

func castOf(ts *testscript.TestScript) *cast { return ts.Value(castKey{}).(*cast) }

// at returns the human who sat down last.
func at(ts *testscript.TestScript) *human.Human {
	humans := castOf(ts).humans
	if len(humans) == 0 {
		ts.Fatalf("nobody sits at a terminal")
	}
	return humans[len(humans)-1]
}

// sit starts a program at a terminal. Humans who sit already wait until this one has left.
func sit(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) >= 1, "tty program...")
	path, err := lookPath(ts, args[0])
	ts.Check(err)
	cmd := exec.Command(path, args[1:]...)
	cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"HOME", "PATH", "XDG_RUNTIME_DIR", "XDG_STATE_HOME", "TMPDIR", "LANG"} {
		if value := ts.Getenv(name); value != "" {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	cmd.Env = append(cmd.Env, "NO_COLOR=1", "TERM=xterm")
	h, err := human.Sit(cmd)
	ts.Check(err)
	end := func() { _ = cmd.Process.Kill() }
	time.AfterFunc(2*patience, end) // nobody waits for ever for a program that does not end
	ts.Defer(end)
	castOf(ts).humans = append(castOf(ts).humans, h)
}

// lookPath finds a program in the script's PATH, which is not this process's own.
func lookPath(ts *testscript.TestScript, name string) (string, error) {
	if strings.Contains(name, "/") {
		return ts.MkAbs(name), nil
	}
	for dir := range strings.SplitSeq(ts.Getenv("PATH"), ":") {
		if path, err := exec.LookPath(dir + "/" + name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s: not in PATH", name)
}

func expect(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 1, "expect regexp")
	_, err := at(ts).Expect(args[0], patience)
	ts.Check(err)
}

func typeLine(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg, "type [text]")
	ts.Check(at(ts).Type(strings.Join(args, " ")))
}

func leave(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) <= 1, "leave [code]")
	want := 0
	if len(args) == 1 {
		var err error
		want, err = strconv.Atoi(args[0])
		ts.Check(err)
	}
	h := at(ts)
	got, err := h.Leave()
	ts.Check(err)
	screen := strings.ReplaceAll(h.Screen(), "\r\n", "\n")
	if got != want {
		ts.Fatalf("exit code %d at the terminal, want %d; it showed:\n%s", got, want, screen)
	}
	fmt.Fprint(ts.Stdout(), screen)
	humans := castOf(ts).humans
	castOf(ts).humans = humans[:len(humans)-1]
}

var digest = regexp.MustCompile(`(?i)digest\s+([0-9a-f]{6})\b`)

// sign answers the questions of a program that asks for a signature, as a
// human who agrees would.
func (s *stage) sign(ts *testscript.TestScript, neg bool, args []string) {
	sit(ts, neg, args)
	h := at(ts)
	for {
		asked, err := h.Expect(`(Type the six digits|Passphrase of )[^\n]*: `, patience)
		ts.Check(err)
		if asked[1] == "Passphrase of " {
			ts.Check(h.Type(s.passphrase))
			leave(ts, false, nil)
			return
		}
		typeDigest(ts, false, nil)
	}
}

func typeDigest(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 0, "type-digest")
	shown := digest.FindStringSubmatch(at(ts).Screen())
	if shown == nil {
		ts.Fatalf("no digest is shown:\n%s", at(ts).Screen())
	}
	ts.Check(at(ts).Type(shown[1]))
}

func typeWords(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 0, "type-words")
	shown, err := at(ts).Expect(`\b([a-z]{5}(?:-[a-z]{5}){3})\b`, patience)
	ts.Check(err)
	ts.Setenv("WORDS", shown[1])
	ts.Check(at(ts).Type(shown[1]))
}

func (s *stage) arrived(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, len(args) == 1, "[!] arrived regexp")
	re, err := regexp.Compile(args[0])
	ts.Check(err)
	requests := s.hub.Requests()
	if slices.ContainsFunc(requests, re.MatchString) == neg {
		ts.Fatalf("arrived at GitHub:\n%s", strings.Join(requests, "\n"))
	}
}
