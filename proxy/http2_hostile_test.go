package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// hostile is a program inside that speaks HTTP/2 frame by frame, and notes what comes back.
type hostile struct {
	*http2.Framer
	net.Conn
	out    *bufio.Writer
	block  strings.Builder
	fields *hpack.Encoder
	next   uint32   // stream
	got    sync.Map // answers
}

func (w *world) hostile(reads bool) *hostile {
	h := &hostile{Conn: w.tls(transparent, "api.example", 443, "api.example", "h2"), next: 1}
	_ = h.SetDeadline(time.Now().Add(30 * time.Second))
	h.out, h.fields = bufio.NewWriterSize(h.Conn, 16<<10), hpack.NewEncoder(&h.block)
	h.Framer = http2.NewFramer(h.out, h.Conn)
	h.AllowIllegalWrites, h.ReadMetaHeaders = true, hpack.NewDecoder(4096, nil)
	_, _ = h.out.WriteString(http2.ClientPreface + "\x00\x00\x00\x04\x00\x00\x00\x00\x00") // and SETTINGS
	go func() {
		for frame, err := h.ReadFrame(); reads && err == nil; frame, err = h.ReadFrame() {
			switch f := frame.(type) {
			case *http2.GoAwayFrame:
				h.got.Store("GOAWAY "+f.ErrCode.String(), true)
			case *http2.RSTStreamFrame:
				h.got.Store("RST "+f.ErrCode.String(), true)
			case *http2.MetaHeadersFrame:
				h.got.Store(f.PseudoValue("status"), true)
			}
		}
	}()
	return h
}

// ask opens a stream by a head, "name value|name value", to which code may add what HPACK's encoder never says.
func (h *hostile) ask(end bool, head string, code ...byte) uint32 {
	h.next += 2
	_ = h.WriteHeaders(http2.HeadersFrameParam{StreamID: h.next - 2, BlockFragment: append(h.encode(head), code...), EndStream: end, EndHeaders: true})
	return h.next - 2
}

func (h *hostile) encode(head string) []byte {
	h.block.Reset()
	for field := range strings.SplitSeq(head, "|") {
		name, value, _ := strings.Cut(field, " ")
		_ = h.fields.WriteField(hpack.HeaderField{Name: name, Value: value})
	}
	return []byte(h.block.String())
}

const (
	toAPI  = ":scheme https|:authority api.example|"
	toX    = toAPI + ":path /x|:method "
	upload = toAPI + ":path /ok/x|:method POST|content-length 9"
)

// Floods cost a bounded amount of memory and handlers, keep nobody else in the sandbox from being served, and bring
// nothing to an origin that was not judged and recorded.
func TestHTTP2Floods(t *testing.T) {
	big := toX + "GET|b " + strings.Repeat("b", 3000)
	again := []byte(strings.Repeat("\xbe", 8000)) // the last field so many times: the head is 24 MB
	nothing := func(*hostile) {}
	noEnd := func(h *hostile) { _ = h.WriteRawFrame(http2.FrameHeaders, 0, 1, h.encode(toX+"GET")) }
	noWindow := func(h *hostile) { _ = h.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize}) }
	for _, row := range []struct {
		name, answer   string // one that must come; "": none is read
		connections, n int
		first, then    func(*hostile) // on each connection, then n times
	}{
		{"rapid reset (CVE-2023-44487)", "", 1, 1e4, nothing, func(h *hostile) { _ = h.WriteRSTStream(h.ask(true, toX+"GET"), http2.ErrCodeCancel) }},
		{"rapid reset, denied", "", 1, 1e4, nothing, func(h *hostile) { _ = h.WriteRSTStream(h.ask(false, toX+"PUT"), http2.ErrCodeCancel) }},
		{"resets by the server (CVE-2025-8671)", "", 1, 1e4, nothing, func(h *hostile) { _ = h.WriteWindowUpdate(h.ask(true, toX+"GET"), 0) }},
		{"SETTINGS (CVE-2019-9515)", "", 1, 1e4, nothing, noWindow},
		{"PING (CVE-2019-9512)", "", 1, 1e4, nothing, func(h *hostile) { _ = h.WritePing(false, [8]byte{}) }},
		{"PRIORITY (CVE-2019-9513)", "", 1, 1e4, nothing, func(h *hostile) { h.next += 2; _ = h.WritePriority(h.next, http2.PriorityParam{StreamDep: 1}) }},
		{"CONTINUATION (CVE-2024-27316)", "GOAWAY PROTOCOL_ERROR", 1, 99, noEnd, func(h *hostile) { _ = h.WriteContinuation(1, false, h.encode(big[len(toX)+4:])) }},
		{"empty CONTINUATION (CVE-2019-9518)", "", 1, 1e4, noEnd, func(h *hostile) { _ = h.WriteContinuation(1, false, nil) }},
		{"empty DATA (CVE-2019-9518)", "", 1, 1e4, func(h *hostile) { h.ask(false, upload) }, func(h *hostile) { _ = h.WriteData(1, false, nil) }},
		{"HPACK bomb (CVE-2016-6581)", "431", 1, 100, nothing, func(h *hostile) { h.ask(true, big, again...) }},
		{"streams above the limit", "RST REFUSED_STREAM", 1, 200, noWindow, func(h *hostile) { h.ask(true, toX+"PUT") }},
		{"answers without a window (CVE-2019-9517)", "200", 1, 32, noWindow, func(h *hostile) { h.ask(true, toX+"GET|big") }}, // net/http would hold 4 MiB of each
		{"a window of one byte (CVE-2019-9511)", "200", 1, 1e4, func(h *hostile) { noWindow(h); h.ask(true, toX+"GET|big") }, func(h *hostile) { _ = h.WriteWindowUpdate(1, 1) }},
		{"every place taken", "503", 2, 128, nothing, func(h *hostile) { h.ask(false, upload) }},
		{"denials without a window", "403", 8, 128, noWindow, func(h *hostile) { h.ask(true, toX+"PUT") }},
		{"400 of net/http without a window", "400", 8, 128, noWindow, func(h *hostile) { h.ask(true, toX+"GET|connection close") }},
		{"431 of net/http without a window", "431", 8, 128, noWindow, func(h *hostile) { h.ask(true, big, again[:30]...) }},
	} {
		t.Run(row.name, func(t *testing.T) {
			var asked, sent atomic.Int64
			w := newWorld(t, basePolicy)
			w.origin("api.example", 443, func(rw http.ResponseWriter, r *http.Request) {
				for asked.Add(1); r.Header["Big"] != nil && r.Context().Err() == nil; sent.Add(1) {
					_, _ = rw.Write(make([]byte, 64<<10))
				}
				_, _ = io.Copy(io.Discard, r.Body)
			})
			visit := func() {
				for range 5 {
					resp, err := w.http2Client(transparent).Get("https://api.example/x")
					if err != nil || resp.StatusCode != 200 {
						t.Fatalf("a neighbour got %v, %v", resp, err)
					}
					_, _ = io.Copy(io.Discard, resp.Body)
				}
			}
			visit()
			memory, handlers, streams, all, floods := inUse(), runtime.NumGoroutine(), 15, make([]*hostile, row.connections), sync.WaitGroup{}
			for i := range all {
				all[i] = w.hostile(row.answer != "")
				floods.Go(func() {
					defer all[i].out.Flush()
					row.first(all[i])
					for range row.n {
						row.then(all[i])
					}
				})
			}
			visit()
			floods.Wait()
			heard := func(h *hostile) bool { _, ok := h.got.Load(row.answer); return ok || row.answer == "" }
			await(t, "somebody gets "+row.answer, func() bool { return slices.ContainsFunc(all, heard) })
			for now, before := "", "-"; now != before; time.Sleep(20 * time.Millisecond) {
				now, before = fmt.Sprint(asked.Load(), sent.Load(), len(w.sink.all())), now
			}
			visit()
			reached, allowed, records := int(asked.Load()), strings.Count(w.sink.verdicts(), "allow "), len(w.sink.all())
			memory, handlers = inUse()-memory, runtime.NumGoroutine()-handlers
			for _, h := range all {
				streams += int(h.next / 2)
				h.Close()
			}
			t.Logf("%d KiB, %d goroutines; %d streams, %d recorded, %d allowed, %d at the origin", memory>>10, handlers, streams, records, allowed, reached)
			if memory > 40<<20 || handlers > 800 || reached > allowed || records > streams {
				t.Error("that is too much")
			}
			await(t, "nothing is left", func() bool { return w.server.Live() == 0 })
		})
	}
}

// What is no request is refused, and no origin hears of it. What net/http refuses by itself is not recorded.
func TestHTTP2Malformed(t *testing.T) {
	w := newWorld(t, basePolicy)
	w.origin("api.example", 443, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("the origin got %v", r) })
	for want, rows := range map[string][]string{ // a head, or frames: kind, flags, stream and size of each
		"RST PROTOCOL_ERROR": {
			toX + "GET|Upper a", toX + "GET|a:b c", toX + "GET| empty", toX + "GET|a b\r\nc: d", toX + "GET|a b\x00", toX + "GET|:method GET", toX + "GET|:path /y",
			toX + "GET|a b|:protocol c", toX + "GET|:foo x", toX + "GET|:status 200", toX + "CONNECT|:protocol websocket", toAPI + ":method GET", toAPI + ":path /x",
			toAPI + ":method GET|:path x", toAPI + ":method GET|:path /x HTTP/1.1\r\na: b", ":method GET|:path /x|:authority api.example", ":method GET|:path /x|:scheme ftp",
		},
		"400":       {toX + "GET|connection a", toX + "GET|transfer-encoding chunked", toX + "GET|te gzip", toX + "GET|upgrade websocket", toX + "GET|keep-alive 1"},
		"400 by us": {toX + "GET|host evil.example", toX + "GET /y", toAPI + ":method OPTIONS|:path *", ":method CONNECT|:authority api.example:443"},
		"421 by us": {":scheme https|:path /x|:method GET", ":scheme https|:path /x|:method GET|:authority evil.example"},
		"GOAWAY PROTOCOL_ERROR": {
			"0 0 0 5", "1 5 0 5", "2 0 0 5", "3 0 0 4", "9 4 0 5", "4 0 1 6", "6 0 1 8", "7 0 1 8", "0 0 1 5", "3 0 1 4", "9 4 1 5", // on no stream of theirs
			"5 4 1 8", "8 0 0 4", "4 0 0 12", "1 0 1 0,6 0 0 8", "1 0 1 0,9 4 3 0", // PUSH_PROMISE, a window of 0 more, SETTINGS with twins, heads interrupted
		},
		"GOAWAY FRAME_SIZE_ERROR":  {"4 0 0 5", "4 1 0 6", "6 0 0 7", "3 0 1 5", "8 0 0 3", "2 0 1 4", "7 0 0 3", "119 0 0 16385"},
		"GOAWAY COMPRESSION_ERROR": {"1 5 1 1"},
	} {
		answer, ours := strings.CutSuffix(want, " by us")
		for _, row := range rows {
			h := w.hostile(true)
			for frame := range strings.SplitSeq(row, ",") {
				var kind, flags, stream, size uint32
				if n, _ := fmt.Sscan(frame, &kind, &flags, &stream, &size); n == 4 {
					_ = h.WriteRawFrame(http2.FrameType(kind), http2.Flags(flags), stream, make([]byte, size))
				} else {
					h.ask(true, row)
				}
			}
			h.out.Flush()
			await(t, fmt.Sprintf("%s for %q", answer, row), func() bool { _, ok := h.got.Load(answer); return ok })
			h.Close()
			if got := w.sink.take(); len(got) > 1 || ours != (len(got) == 1) {
				t.Errorf("%q: recorded %v", row, got)
			}
		}
	}
}
