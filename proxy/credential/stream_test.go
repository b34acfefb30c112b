package credential_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"exeat/proxy/credential"
)

// pieces gives a text in pieces, cut where the test says.
type pieces struct{ left []string }

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.left) == 0 {
		return 0, io.EOF
	}
	n := copy(b, p.left[0])
	if p.left[0] = p.left[0][n:]; p.left[0] == "" {
		p.left = p.left[1:]
	}
	return n, nil
}

func (p *pieces) Close() error { return nil }

// cut cuts a text at every place where the bits say so, over and over.
func cut(text string, bits uint64) *pieces {
	p := &pieces{}
	for start, i := 0, 0; i < len(text); i++ {
		if bits>>(i%64)&1 == 1 || i == len(text)-1 {
			p.left, start = append(p.left, text[start:i+1]), i+1
		}
	}
	return p
}

func TestWatch(t *testing.T) {
	in := injector(t)
	p := in.Env()["API_KEY"]
	for i := range len(p) {
		got, err := io.ReadAll(in.Watch(&pieces{[]string{"before " + p[:i], p[i:] + " after"}}))
		var misuse *credential.Misuse
		if !errors.As(err, &misuse) || misuse.Provider != "my-api" || bytes.Contains(got, []byte(p)) {
			t.Errorf("cut at %d: got %q, %v", i, got, err)
		}
		if strings.Contains(err.Error(), p) {
			t.Errorf("the error shows the value: %v", err)
		}
	}
	r := in.Watch(io.MultiReader(strings.NewReader(p), strings.NewReader("rest")))
	for range 2 {
		if n, err := r.Read(make([]byte, 1<<10)); n != 0 || err == nil {
			t.Errorf("got %d bytes, %v; a body that has ended goes on", n, err)
		}
	}
	for _, clean := range []string{"", "%", `\u00`, "100% \\ " + p[:20], strings.Repeat("x", 1<<17)} {
		if got, err := io.ReadAll(in.Watch(strings.NewReader(clean))); err != nil || string(got) != clean {
			t.Errorf("%.20q: got %.20q, %v", clean, got, err)
		}
	}
}

// However a body is cut, the watcher sees what is seen in the whole.
func FuzzWatch(f *testing.F) {
	in := injector(f)
	p := in.Env()["API_KEY"]
	fill := strings.NewReplacer("P", p, "Q", "%65%"+"78"+p[2:], "J", `\u0065`+p[1:], "B", basic("u", p)).Replace
	f.Add("aPb", uint64(0b1011))
	f.Add("%Q%6", ^uint64(0))
	f.Add(`\J\u00`, uint64(0x5555555555555555))
	f.Add("BB", uint64(1)<<40)
	f.Add(p[:30]+"P", ^uint64(0))
	f.Fuzz(func(t *testing.T, text string, bits uint64) {
		text = fill(text)
		got, err := io.ReadAll(in.Watch(cut(text, bits)))
		if carried := in.Carries([]byte(text)); carried != (err != nil) {
			t.Errorf("whole: %v, cut: %v", carried, err)
		}
		if err == nil && string(got) != text || !strings.HasPrefix(text, string(got)) {
			t.Errorf("got %q, want %q", got, text)
		}
	})
}

func masker(t testing.TB) *credential.Injector {
	t.Helper()
	in, err := credential.NewInjector(
		attach(t, "a", "generic", `q"b\c/d<e>+%~?`, credential.Options{Variable: "A", Hosts: []string{"a.example"}}),
		attach(t, "b", "generic", "abababab", credential.Options{Variable: "B", Hosts: []string{"b.example"}}),
		attach(t, "c", "generic", "ababababab", credential.Options{Variable: "C", Hosts: []string{"c.example"}}),
		attach(t, "s", "generic", "short", credential.Options{Variable: "S", Hosts: []string{"c.example"}}),
	)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func TestMask(t *testing.T) {
	in := masker(t)
	a, b, c := in.Env()["A"], in.Env()["B"], in.Env()["C"]
	rows := []struct{ name, text, want string }{
		{"as it is", `x q"b\c/d<e>+%~? y`, "x " + a + " y"},
		{"in JSON", `"q\"b\\c/d<e>+%~?"`, `"` + a + `"`},
		{"in JSON for browsers", `"q\"b\\c/d\u003ce\u003e+%~?"`, `"` + a + `"`},
		{"in JSON with slashes", `"q\"b\\c\/d<e>+%~?"`, `"` + a + `"`},
		{"in a query", `?k=q%22b%5Cc%2Fd%3Ce%3E%2B%25~%3F&x`, "?k=" + a + "&x"},
		{"in JSON of .NET", `"q\u0022b\u005Cc\u002Fd\u003Ce\u003E\u002B\u0025\u007E\u003F"`, `"` + a + `"`},
		{"in JSON with small digits", `"q\u0022b\u005cc\u002fd\u003ce\u003e\u002b\u0025\u007e\u003f"`, `"` + a + `"`},
		{"in HTML", `<p>q&quot;b\c/d&lt;e&gt;+%~?</p>`, "<p>" + a + "</p>"},
		{"in HTML of Go", `<p>q&#34;b\c/d&lt;e&gt;+%~?</p>`, "<p>" + a + "</p>"},
		{"in a query of .NET", `?k=q%22b%5cc%2fd%3ce%3e%2b%25~%3f&x`, "?k=" + a + "&x"},
		{"in a query of Python", `?k=q%22b%5Cc/d%3Ce%3E%2B%25~%3F&x`, "?k=" + a + "&x"},
		{"the longest first", "abababababa", c + "a"},
		{"the first first", "xababababb", "x" + b + "b"},
		{"twice in a row", "abababab-abababab", b + "-" + b},
		{"a short one is not", "short", "short"},
		{"a part", "abababa", "abababa"},
		{"nothing", "", ""},
	}
	for _, row := range rows {
		for i := range len(row.text) + 1 {
			got, err := io.ReadAll(in.Mask(&pieces{[]string{row.text[:i], row.text[i:]}}))
			if i > 0 && i < len(row.text) && (err != nil || string(got) != row.want) {
				t.Errorf("%s, cut at %d: got %q, %v, want %q", row.name, i, got, err, row.want)
			}
		}
		h := http.Header{"X": {row.text}}
		if in.MaskHeader(h); h.Get("X") != row.want {
			t.Errorf("%s in a header: got %q, want %q", row.name, h.Get("X"), row.want)
		}
	}
}

// Beside letters and digits, secrets have what base64 has or a generated password; writers differ in what they escape of it.
func TestMaskBesideLetters(t *testing.T) {
	const secret = "dGhl+c2Vj/cmV0!=="
	in, err := credential.NewInjector(attach(t, "a", "generic", secret, credential.Options{Variable: "A", Hosts: []string{"a.example"}}))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"as it is": secret, ".NET": `dGhl\u002Bc2Vj/cmV0!==`, "Gson": `dGhl+c2Vj/cmV0!\u003d\u003d`, "PHP": `dGhl+c2Vj\/cmV0!==`,
		"a query": "dGhl%2Bc2Vj%2FcmV0%21%3D%3D", "a query of JavaScript": "dGhl%2Bc2Vj%2FcmV0!%3D%3D",
	} {
		if got, err := io.ReadAll(in.Mask(cut(text, 0))); err != nil || string(got) != in.Env()["A"] {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
}

// The secret in base64 is gone wherever it stands in a longer text, whose rest keeps its meaning.
func TestMaskBase64(t *testing.T) {
	in := masker(t)
	secret := `q"b\c/d<e>+%~?`
	for _, alphabet := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding} {
		for before := range 7 {
			user := strings.Repeat("u", before)
			encoded := alphabet.EncodeToString([]byte(user + ":" + secret + ":end"))
			got, err := io.ReadAll(in.Mask(io.NopCloser(iotest.OneByteReader(strings.NewReader("Basic " + encoded)))))
			if err != nil {
				t.Fatal(err)
			}
			_, masked, _ := strings.Cut(string(got), " ")
			plain, err := alphabet.DecodeString(masked)
			if err != nil || !strings.HasPrefix(string(plain), user+":") || !strings.HasSuffix(string(plain), ":end") {
				t.Errorf("%d before: got %q, %v", before, plain, err)
			}
			if strings.Contains(string(plain), secret[1:len(secret)-1]) {
				t.Errorf("%d before: the secret is left in %q", before, plain)
			}
		}
	}
}

// An event of a stream is there at once, unless its end could be the beginning of a secret.
func TestMaskDoesNotWait(t *testing.T) {
	in := masker(t)
	r, w := io.Pipe()
	defer w.Close()
	masked := in.Mask(r)
	for _, event := range []string{"data: 1\n\n", "data: 2\n\n"} {
		go fmt.Fprint(w, event)
		b := make([]byte, 64)
		if n, err := masked.Read(b); err != nil || string(b[:n]) != event {
			t.Errorf("got %q, %v, want %q", b[:n], err, event)
		}
	}
}

func TestMaskKeepsErrors(t *testing.T) {
	in := masker(t)
	broken := errors.New("broken")
	r := in.Mask(io.NopCloser(io.MultiReader(strings.NewReader("abab"), iotest.ErrReader(broken))))
	if got, err := io.ReadAll(r); string(got) != "abab" || !errors.Is(err, broken) {
		t.Errorf("got %q, %v", got, err)
	}
	if body := io.NopCloser(strings.NewReader("")); (*credential.Injector)(nil).Mask(body) != body {
		t.Error("without secrets a body is wrapped")
	}
}

// However an answer is cut, what comes out is what masking the whole makes of it.
func FuzzMask(f *testing.F) {
	in := masker(f)
	f.Add("x ababababab abababab", uint64(0b1101))
	f.Add("abababaababababababab", ^uint64(0))
	f.Add(`q"b\c/d<e>+%~? q\"b\\c\/d<e>+%~?`, uint64(0x3333333333333333))
	f.Add(basic("u", "abababab")+basic("", "ababababab"), ^uint64(0))
	f.Add(strings.Repeat("ab", 5000), uint64(1)<<63)
	f.Fuzz(func(t *testing.T, text string, bits uint64) {
		h := http.Header{"X": {text}}
		in.MaskHeader(h)
		got, err := io.ReadAll(in.Mask(cut(text, bits)))
		if err != nil || string(got) != h.Get("X") {
			t.Errorf("got %q, %v, want %q", got, err, h.Get("X"))
		}
		if bytes.Contains(got, []byte("abababab")) {
			t.Errorf("a secret is left in %q", got)
		}
	})
}

func BenchmarkMask(b *testing.B) {
	in := injector(b)
	text := strings.Repeat("nothing of interest, ", 1<<16)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		io.Copy(io.Discard, in.Mask(io.NopCloser(strings.NewReader(text))))
	}
}

func BenchmarkWatch(b *testing.B) {
	in := injector(b)
	text := strings.Repeat("nothing of interest, ", 1<<16)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		io.Copy(io.Discard, in.Watch(strings.NewReader(text)))
	}
}
