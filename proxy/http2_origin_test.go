package proxy_test

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// http2Tcp serves api.example frame by frame: answer is given each request.
func (w *world) http2Tcp(answer func(f *http2.Framer, id uint32)) (dials *atomic.Int64) {
	config, err := w.public.Config("api.example")
	if err != nil {
		w.t.Fatal(err)
	}
	config = config.Clone()
	config.NextProtos, dials = []string{"h2"}, new(atomic.Int64)
	w.tcp("api.example", 443, func(c net.Conn) {
		dials.Add(1)
		s := tls.Server(c, config)
		_, _ = io.CopyN(io.Discard, s, int64(len(http2.ClientPreface)))
		f := http2.NewFramer(s, s)
		_ = f.WriteSettings()
		for frame, err := f.ReadFrame(); err == nil; frame, err = f.ReadFrame() {
			if head, ok := frame.(*http2.HeadersFrame); ok {
				answer(f, head.StreamID)
			}
		}
	})
	return dials
}

// status is the block of a head that has nothing else.
func status(code string) []byte {
	var b bytes.Buffer
	_ = hpack.NewEncoder(&b).WriteField(hpack.HeaderField{Name: ":status", Value: code})
	return b.Bytes()
}

// An origin of HTTP/2 that answers nothing, or what no answer is, costs some connections and is named.
func TestHTTP2OriginsThatLie(t *testing.T) {
	for want, answer := range map[string]func(f *http2.Framer, id uint32){
		"connections ended without an answer": func(f *http2.Framer, _ uint32) { _ = f.WriteGoAway(0, http2.ErrCodeNo, nil) },
		"has the status 99999": func(f *http2.Framer, id uint32) {
			_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: status("99999"), EndHeaders: true, EndStream: true})
		},
	} {
		w := newWorld(t, basePolicy)
		dials := w.http2Tcp(answer)
		resp, err := w.http2Client(transparent).Get("https://api.example/x")
		if err != nil {
			t.Fatal(want, err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 502 || !strings.Contains(string(body), want) || dials.Load() > 10 {
			t.Errorf("%s: %s after %d connections: %s", want, resp.Status, dials.Load(), body)
		}
	}
}
