package control

import (
	"bytes"
	"testing"
)

// Whatever arrives, reading a frame never panics, never exceeds its limit, and
// what it accepts is exactly what writeFrame would have sent.
func FuzzReadFrame(f *testing.F) {
	f.Add([]byte("J\x00\x00\x00\x02{}"))
	f.Add([]byte("J\xff\xff\xff\xff"))
	f.Add([]byte("i\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := bytes.NewReader(data)
		kind, payload, err := readFrame(r, maxChunk)
		if err != nil {
			return
		}
		if len(payload) > maxChunk {
			t.Fatalf("payload of %d bytes", len(payload))
		}
		var again bytes.Buffer
		writeFrame(&again, kind, payload)
		if got, want := again.Bytes(), data[:len(data)-r.Len()]; !bytes.Equal(got, want) {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}
