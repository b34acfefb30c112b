package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"
)

// startLimit bounds how long a program may take until it serves.
const startLimit = 20 * time.Second

// hello is what a program that serves says of itself, in one line of JSON.
type hello struct {
	Address  string // where it listens
	Roots    string // file with the certificate its clients must trust; "" for the origin's own
	Greeting string // header lines that a CONNECT must carry
	Header   string // header lines that requests inside are to carry
}

// process is a program that serves until it is stopped.
type process struct {
	hello
	cmd   *exec.Cmd
	stdin io.Closer // a role ends when this is closed, also by the death of the bench
}

// startRole starts this program again as one of its roles.
func startRole(ctx context.Context, args ...string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return startTalking(exec.CommandContext(ctx, self, args...))
}

// startTalking starts a program that says hello on its standard output.
func startTalking(cmd *exec.Cmd) (*process, error) {
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	complaints := &tail{}
	cmd.Stderr = complaints
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, stdin: stdin}
	if err := p.listen(stdout); err != nil {
		p.stop()
		return nil, fmt.Errorf("%s does not serve: %w: %s", cmd.Path, err, complaints)
	}
	return p, nil
}

// listen waits for the hello.
func (p *process) listen(stdout io.Reader) error {
	said := make(chan error, 1)
	go func() {
		line, err := bufio.NewReader(stdout).ReadBytes('\n')
		if err == nil {
			err = json.Unmarshal(line, &p.hello)
		}
		said <- err
	}()
	select {
	case err := <-said:
		return err
	case <-time.After(startLimit):
		_ = p.cmd.Process.Kill()
		return errors.Join(<-said, errors.New("it says nothing"))
	}
}

// startSilent starts a program that listens at an address given to it.
func startSilent(cmd *exec.Cmd, h hello) (*process, error) {
	complaints := &tail{}
	cmd.Stdout, cmd.Stderr = complaints, complaints
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, hello: h}
	for began := time.Now(); time.Since(began) < startLimit; time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", h.Address); err == nil {
			c.Close()
			return p, nil
		}
	}
	p.stop()
	return nil, fmt.Errorf("%s does not listen at %s: %s", cmd.Path, h.Address, complaints)
}

// stop ends the program and all that it started.
func (p *process) stop() {
	if p.stdin != nil {
		p.stdin.Close()
	} else {
		_ = p.cmd.Process.Signal(os.Interrupt)
	}
	impatient := time.AfterFunc(2*time.Second, func() {
		for _, pid := range family(p.cmd.Process.Pid) {
			if q, err := os.FindProcess(pid); err == nil {
				_ = q.Kill()
			}
		}
	})
	defer impatient.Stop()
	_ = p.cmd.Wait()
}

// announce says hello and waits until the bench no longer needs this process.
func announce(h hello) error {
	if err := json.NewEncoder(os.Stdout).Encode(h); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// tail keeps the last of what a program complains of.
type tail struct{ text []byte }

func (t *tail) Write(p []byte) (int, error) {
	const most = 600
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-most):]
	return len(p), nil
}

func (t *tail) String() string { return strings.TrimSpace(string(t.text)) }
