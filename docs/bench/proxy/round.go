package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

const (
	idleMemory = "memory before the first request"
	usedMemory = "memory after all loads"
)

// round takes each figure of each subject once. All subjects run side by side and the subjects follow
// each other within one figure, so that whatever else the machine does falls on all of them.
func (b *bench) round(ctx context.Context, n int) error {
	all := figures()
	for _, f := range all {
		if f.alone {
			b.alone(ctx, f, n)
		}
	}
	defer b.stopAll()
	for _, s := range b.subjects {
		if err := b.start(ctx, s); err != nil {
			b.table.note("%s does not start: %s", s.name, oneLine(err))
		}
	}
	b.weigh(idleMemory, n)
	b.warm(ctx)
	for _, f := range all {
		if !f.alone {
			b.figure(ctx, f, n)
		}
	}
	b.weigh(usedMemory, n)
	return ctx.Err()
}

// warm lets every subject work once before it is measured: caches are filled, memory is touched, and
// scripts are compiled.
func (b *bench) warm(ctx context.Context) {
	for _, s := range b.subjects {
		if s.start == nil || s.running != nil {
			_, _ = b.measure(ctx, s, load{Kind: "requests", Connections: 16, Window: b.window})
		}
	}
}

func (b *bench) stopAll() {
	for _, s := range b.subjects {
		s.stop()
	}
}

// figure measures all subjects, the direct way first.
func (b *bench) figure(ctx context.Context, f figure, round int) {
	var first outcome
	for _, s := range b.subjects {
		if !f.concerns(s) || s.start != nil && s.running == nil {
			continue
		}
		got, ok := b.cell(ctx, f, s)
		if s.name == direct {
			first = got
		}
		if ok {
			b.keep(f, s, round, got, first)
		}
	}
}

// alone measures each subject in a process that has done nothing else.
func (b *bench) alone(ctx context.Context, f figure, round int) {
	for _, s := range b.subjects {
		if !f.concerns(s) {
			continue
		}
		if err := b.start(ctx, s); err != nil {
			b.table.note("%s does not start: %s", s.name, oneLine(err))
			continue
		}
		if got, ok := b.cell(ctx, f, s); ok {
			b.keep(f, s, round, got, outcome{})
		}
		s.stop()
	}
}

func (f figure) concerns(s *subject) bool {
	if len(f.of) > 0 {
		return slices.Contains(f.of, s.name)
	}
	return f.few || !s.few
}

func (b *bench) cell(ctx context.Context, f figure, s *subject) (outcome, bool) {
	got, err := b.measure(ctx, s, f.load)
	switch {
	case err != nil:
		b.table.note("%s, %s: %s", s.name, f.name, oneLine(err))
	case got.Skipped != "":
		b.table.note("%s, %s: %s", s.name, f.name, got.Skipped)
	}
	return got, err == nil && got.Skipped == ""
}

func (b *bench) keep(f figure, s *subject, round int, got, first outcome) {
	for _, v := range f.values {
		if !v.bare || s.name != direct {
			b.table.add(v.name, s.name, round, v.of(got, first))
		}
	}
}

// weigh notes what the subjects hold, once they are at rest.
func (b *bench) weigh(value string, round int) {
	time.Sleep(300 * time.Millisecond)
	for _, s := range b.subjects {
		if s.running != nil {
			b.table.add(value, s.name, round, float64(resident(family(s.running.cmd.Process.Pid))))
		}
	}
}

// report prints the table of as many rounds as there were.
func (b *bench) report(rounds int) {
	fmt.Printf("medians of %d; ratio: of exeat, inspecting with a credential, to the row's subject\n", rounds)
	heading()
	for _, f := range figures() {
		for _, v := range f.values {
			b.table.print(v, b.subjects)
		}
	}
	b.table.print(value{name: idleMemory, format: mega}, b.subjects)
	b.table.print(value{name: usedMemory, format: mega, pairs: memoryTargets()}, b.subjects)
	for _, note := range slices.Sorted(maps.Keys(b.table.notes)) {
		fmt.Printf("no value in %d of %d: %s\n", b.table.notes[note], rounds, note)
	}
}

// profiled lets one subject, exeat if none is named, work on keep-alive requests while it takes a profile of itself.
func (b *bench) profiled(ctx context.Context) error {
	name := cmp.Or(b.only, full)
	all := subjects()
	i := slices.IndexFunc(all, func(s *subject) bool { return s.name == name && strings.HasPrefix(name, full) })
	if i < 0 {
		return fmt.Errorf("there is no profile of %q: name %q, %q or %q with -only", name, full, noSecret, uninspected)
	}
	if err := b.start(ctx, all[i]); err != nil {
		return err
	}
	defer all[i].stop()
	got, err := b.measure(ctx, all[i], load{Kind: "requests", Connections: 16, Window: 10 * b.window})
	fmt.Printf("%d requests in %s, %s each; read the profile with: go tool pprof -top -cum %s\n",
		got.Count, got.Took.Round(time.Millisecond), micro(processor(got, got)), b.profile)
	return err
}
