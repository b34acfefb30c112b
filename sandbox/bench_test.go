package sandbox_test

import (
	"io"
	"testing"

	"exeat/policy"
	"exeat/sandbox"
	"exeat/sandbox/control"
	"exeat/sandbox/early"
	"exeat/store"
)

// BenchmarkFirstInstruction is from create to the first output of a program.
func BenchmarkFirstInstruction(b *testing.B) {
	boxes := newBoxes(b)
	p, _ := policy.Parse("bench.yaml", []byte(testPolicy))
	for b.Loop() {
		args := sandbox.CreateArgs{
			ID: early.NewID(), Name: "bench", Spec: store.Spec{Frozen: true},
			Revision: store.Revision{Number: 1, Digest: p.Digest(), Text: p.Text(), Status: store.RevisionLoaded},
		}
		if _, err := boxes.Create(b.Context(), args); err != nil {
			b.Fatal(err)
		}
		stream, err := begin(b, boxes, "bench", control.ExecRequest{Argv: []string{"/bin/echo", "on"}, Main: true})
		if err != nil {
			b.Fatal(err)
		}
		first := make(chan struct{})
		go func() { _, _ = stream.Copy(nil, &signalWriter{ready: first}, io.Discard) }()
		<-first
		b.StopTimer()
		if err := boxes.Delete(b.Context(), "bench"); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
