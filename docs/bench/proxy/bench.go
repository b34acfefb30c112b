package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// bench is one run.
type bench struct {
	rounds         int
	window, budget time.Duration
	only, profile  string

	dir      string // for exeat
	shared   string // for programs that become another user
	origin   *process
	subjects []*subject
	table    *table
}

// cellLimit bounds one measurement: a peer that hangs must not stop the rest.
const cellLimit = 30 * time.Second

func (b *bench) run(ctx context.Context) error {
	defer b.end()
	if err := b.begin(ctx); err != nil {
		return err
	}
	if b.profile != "" {
		return b.profiled(ctx)
	}
	b.choose(ctx)
	began, done := time.Now(), 0
	for ; done < b.rounds && b.fits(time.Since(began), done); done++ {
		if err := b.round(ctx, done); err != nil {
			return err
		}
	}
	b.report(done)
	return nil
}

// fits tells whether another round like those that were done will end in time.
func (b *bench) fits(spent time.Duration, done int) bool {
	return done == 0 || spent+spent/time.Duration(done) <= b.budget
}

// begin makes directories and starts the origin.
func (b *bench) begin(ctx context.Context) error {
	b.table = newTable()
	if err := b.directories(); err != nil {
		return err
	}
	var err error
	b.origin, err = startRole(ctx, "role-origin", filepath.Join(b.shared, "origin.pem"))
	return err
}

// directories makes two. That of exeat is below the home and not in /tmp, which often is memory: that
// exeat waits for a disk is part of what it costs.
func (b *bench) directories() error {
	home, err := os.UserHomeDir()
	if err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp(home, ".exeat-bench-"); err != nil {
		return err
	}
	if b.shared, err = os.MkdirTemp("", "exeat-bench-"); err != nil {
		return err
	}
	return os.Chmod(b.shared, 0o755)
}

func (b *bench) end() {
	if b.origin != nil {
		b.origin.stop()
	}
	for _, dir := range []string{b.dir, b.shared} {
		if dir != "" {
			os.RemoveAll(dir)
		}
	}
}

// choose keeps the subjects that are asked for and run here.
func (b *bench) choose(ctx context.Context) {
	names := strings.Split(b.only, ",")
	for _, s := range subjects() {
		if b.only != "" && s.name != direct && !slices.Contains(names, s.name) {
			continue
		}
		err := b.tried(ctx, s)
		if err == nil {
			b.subjects = append(b.subjects, s)
			continue
		}
		fmt.Printf("no row for %s, which does not run here (%s): %s\n", s.name, s.missing, oneLine(err))
	}
}

// tried starts a subject once and makes one request.
func (b *bench) tried(ctx context.Context, s *subject) error {
	if err := b.start(ctx, s); err != nil {
		return err
	}
	defer s.stop()
	_, err := b.measure(ctx, s, load{Kind: "connects", Connections: 1, Window: 1})
	return err
}

func (b *bench) start(ctx context.Context, s *subject) error {
	if s.start == nil {
		return nil
	}
	below := b.dir
	if s.missing != "" {
		below = b.shared
	}
	dir, err := os.MkdirTemp(below, s.name+"-")
	if err != nil {
		return err
	}
	s.running, err = s.start(ctx, &place{dir: dir, origin: b.origin.hello, profile: b.profile})
	return err
}

func (s *subject) stop() {
	if s.running != nil {
		s.running.stop()
		s.running = nil
	}
}

// measure runs one client process.
func (b *bench) measure(ctx context.Context, s *subject, l load) (got outcome, err error) {
	l.Window = cmp.Or(l.Window, b.window)
	text, err := json.Marshal(s.load(l, b.origin.hello))
	if err != nil {
		return got, err
	}
	ctx, cancel := context.WithTimeout(ctx, cellLimit)
	defer cancel()
	self, err := os.Executable()
	if err != nil {
		return got, err
	}
	out, err := exec.CommandContext(ctx, self, "role-client", string(text)).Output()
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		return got, fmt.Errorf("%w: %s", err, bytes.TrimSpace(ended.Stderr))
	}
	if err != nil {
		return got, err
	}
	return got, json.Unmarshal(out, &got)
}

// oneLine makes an error fit into a note.
func oneLine(err error) string {
	const most = 300
	text := strings.Join(strings.Fields(err.Error()), " ")
	return text[:min(len(text), most)]
}
