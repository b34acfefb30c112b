package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"exeat/cmd/demo/human"
)

const limit = 30 * time.Second

// reload measures from the signature to the policy in force, as `policy set
// --wait` prints it, and the whole of it without the human.
func (b *bench) reload() error {
	passphrase, err := b.approver()
	if err != nil {
		return err
	}
	if err := b.sit(passphrase, "", "sandbox", "create", "bench"); err != nil {
		return err
	}
	defer exec.Command("env", append(b.env, b.binary, "sandbox", "delete", "bench")...).Run()
	var took []time.Duration
	for round := range 5 {
		file, err := b.candidate(round)
		if err != nil {
			return err
		}
		if err := b.sit(passphrase, `in force, (\d+) ms after`, "policy", "set", "bench", "--policy", file, "--wait"); err != nil {
			return err
		}
		n, err := strconv.Atoi(b.seen)
		if err != nil {
			return err
		}
		took = append(took, time.Duration(n)*time.Millisecond)
	}
	line(row{"policy set --wait, from the signature", round(median(took)), "", "< 50 ms"})
	return nil
}

// candidate is the policy in force with one more rule.
func (b *bench) candidate(round int) (string, error) {
	cmd := exec.Command(b.binary, "policy", "get", "bench")
	cmd.Env = b.env
	text, err := cmd.Output()
	if err != nil {
		return "", err
	}
	block := fmt.Sprintf("  zz_round_%d:\n    endpoints: [{ host: r%d.example.com, port: 443, protocol: rest, access: read-only }]\n    binaries: [{ path: /usr/bin/curl }]\n", round, round)
	file := filepath.Join(b.home, "candidate.yaml")
	return file, os.WriteFile(file, append(text, block...), 0o600)
}

func (b *bench) approver() (string, error) {
	h, err := b.at("approver", "init")
	if err != nil {
		return "", err
	}
	shown, err := h.Expect(`\b([a-z]{5}-[a-z]{5}-[a-z]{5}-[a-z]{5})\b`, limit)
	if err == nil {
		err = h.Type(shown[1])
	}
	if err != nil {
		return "", err
	}
	return shown[1], leave(h)
}

func (b *bench) at(args ...string) (*human.Human, error) {
	cmd := exec.Command(b.binary, args...)
	cmd.Env = b.env
	return human.Sit(cmd)
}

// sit runs a command that is signed: types the digest where one is asked for,
// and the passphrase, and notes what the pattern finds.
func (b *bench) sit(passphrase, pattern string, args ...string) error {
	h, err := b.at(args...)
	if err != nil {
		return err
	}
	if pattern != "" {
		digest, err := h.Expect(`Digest\s+([0-9a-f]{6})\b`, limit)
		if err != nil {
			return err
		}
		if _, err := h.Expect(`leave: `, limit); err != nil {
			return err
		}
		if err := h.Type(digest[1]); err != nil {
			return err
		}
	}
	if _, err := h.Expect(`not shown\): `, limit); err != nil {
		return err
	}
	if err := h.Type(passphrase); err != nil {
		return err
	}
	if pattern != "" {
		found, err := h.Expect(pattern, limit)
		if err != nil {
			return err
		}
		b.seen = found[1]
	}
	return leave(h)
}

func leave(h *human.Human) error {
	code, err := h.Leave()
	if err == nil && code != 0 {
		err = errors.New(strings.TrimSpace(h.Screen()))
	}
	return err
}
