package proxy_test

import (
	"bytes"
	"io"
	"slices"
	"testing"

	"golang.org/x/net/http2"

	"exeat/proxy"
)

// However frames are cut, their heads are those that another reader finds.
func FuzzFrameHeads(f *testing.F) {
	var b bytes.Buffer
	w := http2.NewFramer(&b, nil)
	_ = w.WriteSettings(http2.Setting{ID: http2.SettingMaxFrameSize, Val: 1 << 20})
	_ = w.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: []byte("head"), EndHeaders: true})
	_ = w.WriteDataPadded(1, true, []byte("body"), make([]byte, 9))
	_ = w.WriteRSTStream(3, http2.ErrCodeCancel)
	f.Add(b.Bytes(), 1)
	f.Add(b.Bytes()[:b.Len()-7], 5)
	f.Fuzz(func(t *testing.T, b []byte, n int) {
		var want [][3]uint32
		for r := bytes.NewReader(b); ; {
			h, err := http2.ReadFrameHeader(r)
			if err != nil {
				break
			}
			want = append(want, [3]uint32{uint32(h.Type), uint32(h.Flags), h.StreamID})
			_, _ = io.CopyN(io.Discard, r, int64(h.Length))
		}
		if got := proxy.FrameHeads(b, max(1, n)); !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	})
}
