package override_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"exeat/proxy/override"
)

// pack compresses a text in one of the ways that servers unpack.
func pack(way, text string) string {
	var b bytes.Buffer
	var w io.WriteCloser
	switch way {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "zlib":
		w = zlib.NewWriter(&b)
	case "raw":
		w, _ = flate.NewWriter(&b, flate.DefaultCompression)
	}
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.String()
}

// watchPacked reads a compressed body to its end. DELETE is denied.
func watchPacked(body io.Reader, coding, kind string) (passed string, asked []string, err error) {
	k := override.Packed(body, coding, kind, func(method string) error {
		asked = append(asked, method)
		if method == "DELETE" {
			return errDenied
		}
		return nil
	})
	defer k.Close()
	out, err := io.ReadAll(k)
	return string(out), asked, err
}

// What asks for a denied method does not pass whole, however it was compressed.
func TestPacked(t *testing.T) {
	long := strings.Repeat("x", 300_000)
	turns, plain := `{"_method":"DELETE"}`, `{"a":"`+long+`"}`
	for name, row := range map[string]struct{ coding, kind, body, asked, err string }{
		"nothing":                 {"gzip", doc, "", "", ""},
		"empty":                   {"gzip", doc, pack("gzip", ""), "", ""},
		"one byte":                {"gzip", doc, "\x1f", "", "cannot be unpacked: unexpected EOF"},
		"plain":                   {"gzip", doc, pack("gzip", plain), "", ""},
		"allowed":                 {"gzip", doc, pack("gzip", `{"_method":"PUT"}`), "PUT", ""},
		"denied":                  {"gzip", doc, pack("gzip", turns), "DELETE", "denied"},
		"denied in a form":        {"x-gzip", form, pack("gzip", "a=1&_method=DELETE"), "DELETE", "denied"},
		"in capitals":             {"GZIP", doc, pack("gzip", turns), "DELETE", "denied"},
		"zlib":                    {"deflate", doc, pack("zlib", turns), "DELETE", "denied"},
		"zlib, plain":             {"deflate", doc, pack("zlib", plain), "", ""},
		"raw":                     {"deflate", doc, pack("raw", turns), "DELETE", "denied"},
		"behind much":             {"gzip", form, pack("gzip", "a="+long+"&_method=DELETE"), "DELETE", "denied"},
		"in a second member":      {"gzip", form, pack("gzip", "a=1&_met") + pack("gzip", "hod=DELETE"), "DELETE", "denied"},
		"without its checksum":    {"gzip", doc, strings.TrimSuffix(pack("gzip", turns), pack("gzip", turns)[len(pack("gzip", turns))-8:]), "DELETE", "denied"},
		"with a wrong checksum":   {"gzip", doc, pack("gzip", plain)[:len(pack("gzip", plain))-1] + "\xff", "", "cannot be unpacked: gzip: invalid checksum"},
		"behind something else":   {"gzip", doc, "x" + pack("gzip", turns), "", "cannot be unpacked: gzip: invalid header"},
		"with an end like others": {"deflate", doc, pack("zlib", plain) + "more", "", ""},
		"not compressed":          {"gzip", doc, turns, "", "cannot be unpacked: gzip: invalid header"},
		"a form in pieces":        {"gzip", parts, pack("gzip", part(`Content-Disposition: form-data; name="_method"`, "DELETE")), "DELETE", "denied"},
	} {
		for how, reader := range map[string]func(io.Reader) io.Reader{
			"at once": func(r io.Reader) io.Reader { return r }, "by bytes": iotest.OneByteReader, "with its end": iotest.DataErrReader,
		} {
			passed, asked, err := watchPacked(reader(strings.NewReader(row.body)), row.coding, row.kind)
			if got := strings.Join(asked, " "); got != row.asked {
				t.Errorf("%s, %s: asked for %q, want %q", name, how, got, row.asked)
			}
			switch {
			case row.err == "" && (err != nil || passed != row.body):
				t.Errorf("%s, %s: %d of %d bytes passed, and %v", name, how, len(passed), len(row.body), err)
			case row.err != "" && (err == nil || !strings.Contains(err.Error(), row.err) || len(passed) >= len(row.body)):
				t.Errorf("%s, %s: %d of %d bytes passed, and %v, want %s", name, how, len(passed), len(row.body), err, row.err)
			}
		}
	}
}

// A body that breaks off does so for the reader too, and one that is closed leaves nothing behind.
func TestPackedBreaksOff(t *testing.T) {
	broken := errors.New("broken")
	body := io.MultiReader(strings.NewReader(pack("gzip", "a=1")[:12]), iotest.ErrReader(broken))
	if _, _, err := watchPacked(body, "gzip", form); !errors.Is(err, broken) {
		t.Errorf("it ended with %v", err)
	}
	k := override.Packed(strings.NewReader(pack("gzip", strings.Repeat("a=1&", 10_000))), "gzip", form, func(string) error { return nil })
	if _, err := k.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	k.Close()
	if _, err := io.Copy(io.Discard, k); err == nil {
		t.Error("it went on when it was closed")
	}
}

// What unpacks to much takes the memory of a piece.
func BenchmarkPacked(b *testing.B) {
	body := pack("gzip", fmt.Sprintf("{%q:%q}", "a", strings.Repeat("x", 64<<20)))
	b.SetBytes(64 << 20)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := watchPacked(strings.NewReader(body), "gzip", doc); err != nil {
			b.Fatal(err)
		}
	}
}
