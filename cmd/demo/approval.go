package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"exeat/cmd/demo/agents"
)

// hostAgent is the agent on the host, running as a process of its own.
type hostAgent struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

// diagnose starts the agent on the host and listens until it has filed its proposal.
func (s *story) diagnose(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, filepath.Join(s.dir, "self"), "host", s.binary())
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	s.host = hostAgent{cmd, bufio.NewScanner(out)}
	said, err := s.hearHost("filed proposal")
	if err != nil {
		return err
	}
	_, err = fmt.Sscanf(said, "propose_policy_change: filed proposal %d,", &s.proposal)
	return err
}

// hearHost prints the host agent's lines up to the one that contains the words.
func (s *story) hearHost(until string) (string, error) {
	for s.host.lines.Scan() {
		said := strings.TrimPrefix(s.host.lines.Text(), agents.Mark+" ")
		s.line("agent on the host: %s", said)
		if strings.HasPrefix(said, "FAILED") {
			return "", fmt.Errorf("the agent on the host gave up: %s", said)
		}
		if strings.Contains(said, until) {
			return said, nil
		}
	}
	return "", fmt.Errorf("the agent on the host ended before %q: %w", until, s.host.cmd.Wait())
}

// approve is the human: reads the diff, types the digest under it, and the passphrase.
func (s *story) approve(context.Context) error {
	h, err := s.sit("approve", strconv.FormatInt(s.proposal, 10))
	if err != nil {
		return err
	}
	digest, err := h.Expect(`(?i)digest\s+([0-9a-f]{6})\b`, 20*time.Second)
	if err != nil {
		return err
	}
	for _, answer := range []struct{ question, text string }{{`(?i)digest.*: `, digest[1]}, {`(?i)passphrase.*: `, s.passphrase}} {
		if _, err := h.Expect(answer.question, 20*time.Second); err != nil {
			return err
		}
		if err := h.Type(answer.text); err != nil {
			return err
		}
	}
	if code, err := h.Leave(); err != nil || code != 0 {
		return fmt.Errorf("approve ended with %d: %w\n%s", code, err, h.Screen())
	}
	s.line("you: exeat approve %d   (read the diff, typed its digest %s and the passphrase)", s.proposal, digest[1])
	return s.answered()
}

// answered hears the host agent learn of the approval.
func (s *story) answered() error {
	if _, err := s.hearHost("await_approval: applied"); err != nil {
		return err
	}
	return s.host.cmd.Wait()
}

// retry listens to the inside agent to its end.
func (s *story) retry(context.Context) error { return s.hear(agents.Last) }
