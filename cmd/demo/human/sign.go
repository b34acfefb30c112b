package human

import (
	"fmt"
	"os/exec"
	"regexp"
	"time"
)

// NewKey answers a program that makes an approver's key, and returns the
// passphrase that the screen shows. Each wait lasts at most as long as given.
func NewKey(cmd *exec.Cmd, wait time.Duration) (passphrase string, err error) {
	h, err := Sit(cmd)
	if err != nil {
		return "", err
	}
	shown, err := h.Expect(`\b([a-z]{5}(?:-[a-z]{5}){3})\b`, wait)
	if err != nil {
		return "", err
	}
	if _, err := h.Expect(`Type the passphrase once: `, wait); err != nil {
		return "", err
	}
	if err := h.Type(shown[1]); err != nil {
		return "", err
	}
	code, err := h.Leave()
	if err == nil && code != 0 {
		err = fmt.Errorf("exit code %d; the screen says:\n%s", code, h.Screen())
	}
	return shown[1], err
}

var digest = regexp.MustCompile(`(?i)digest\s+([0-9a-f]{6})\b`)

// Agree answers whatever a program asks before it takes a signature, until it
// ends, and returns its exit code and what it showed.
func Agree(cmd *exec.Cmd, passphrase string, wait time.Duration) (code int, screen string, err error) {
	h, err := Sit(cmd)
	if err != nil {
		return 0, "", err
	}
	for {
		asked, err := h.Expect(`(Type the six digits|Passphrase of )[^\n]*: `, wait)
		if err != nil {
			break // it asks no more: it has ended, or takes its caller's time
		}
		answer := passphrase
		if shown := digest.FindStringSubmatch(h.Screen()); asked[1] != "Passphrase of " && shown != nil {
			answer = shown[1]
		}
		if err := h.Type(answer); err != nil {
			return 0, h.Screen(), err
		}
	}
	code, err = h.Leave()
	return code, h.Screen(), err
}
