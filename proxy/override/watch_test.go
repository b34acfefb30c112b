package override_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"exeat/proxy/override"
)

var errDenied = errors.New("denied")

// watch reads a body to its end, and returns what passed and what was asked for. DELETE is denied.
func watch(body io.Reader, kind string) (passed string, asked []string, err error) {
	out, err := io.ReadAll(override.Watch(body, kind, func(method string) error {
		asked = append(asked, method)
		if method == "DELETE" {
			return errDenied
		}
		return nil
	}))
	return string(out), asked, err
}

const (
	form  = "application/x-www-form-urlencoded"
	parts = "multipart/form-data; boundary=B"
	doc   = "application/json; charset=utf-8"
)

func part(head, value string) string {
	return "--B\r\n" + head + "\r\n\r\n" + value + "\r\n--B--\r\n"
}

func TestWatch(t *testing.T) {
	named := func(name string) string { return `Content-Disposition: form-data; name=` + name }
	long := strings.Repeat("x", 100_000)
	for _, row := range []struct{ kind, body, asked, err string }{
		{form, "", "", ""},
		{form, "a=1&b=2", "", ""},
		{form, "_method=PUT", "PUT", ""},
		{form, "a=1&_method=delete&b=2", "DELETE", "denied"},
		{form, "a=1;_method=DELETE", "DELETE", "denied"},
		{form, "%5fm%65thod=%44ELETE", "DELETE", "denied"},
		{form, "+_method=DELETE", "DELETE", "denied"},
		{form, ".method=DELETE", "DELETE", "denied"},
		{form, "_method[]=DELETE", "DELETE", "denied"},
		{form, "X-HTTP-Method-Override=DELETE", "DELETE", "denied"},
		{form, "_method=", "", ""},
		{form, "_method", "", ""},
		{form, "_method=PUT&_method=DELETE", "PUT DELETE", "denied"},
		{form, "_method=a+b", "", "is no method"},
		{form, "_method=" + long, "", "is no method"},
		{form, "method=getUser&x=" + long, "", ""},
		{form, long, "", ""},
		{form, long + "&_method=DELETE", "DELETE", "denied"},
		{form, "a=" + long + "&_method=DELETE&b=" + long, "DELETE", "denied"},
		{form, strings.Repeat("+", 1000) + "_method=DELETE", "DELETE", "denied"},
		{form, strings.Repeat(" ", 506) + "_method=DELETE", "DELETE", "denied"},
		{form, "a=1&" + strings.Repeat("%20", 171) + "_method=DELETE", "DELETE", "denied"},
		{form, "%20%0A+%09_method=DELETE", "DELETE", "denied"},
		{form, "[_method]=DELETE", "DELETE", "denied"},
		{form, "_method]=DELETE", "DELETE", "denied"},
		{form, "_method%00;a=DELETE", "", "is no method"},
		{form, strings.Repeat("[", 600) + "_method]=DELETE", "DELETE", "denied"},
		{form, strings.Repeat("%5B", 200) + strings.Repeat("[+", 300) + "_method]=DELETE", "DELETE", "denied"},
		{form, strings.Repeat("_method=PUT&", 10_000), "PUT", ""},
		{
			form, "_method=A&_method=B&_method=C&_method=D&_method=E&_method=F&_method=G&_method=H&_method=I&_method=J&_method=K&_method=L&_method=M&_method=N&_method=O&_method=P&_method=Q",
			"A B C D E F G H I J K L M N O P", "a form in the body cannot be read as every server would",
		},
		{form, `{"_method":"DELETE"}`, "", ""},
		{"", "_method=DELETE", "DELETE", "denied"},
		{"APPLICATION/X-WWW-FORM-URLENCODED ; charset=x", "_method=DELETE", "DELETE", "denied"},
		{"text/plain", "_method=DELETE", "", ""},
		{"application/octet-stream", "_method=DELETE", "", ""},

		{parts, part(named(`"_method"`), "DELETE"), "DELETE", "denied"},
		{parts, part(named(`_method`), "DELETE"), "DELETE", "denied"},
		{parts, part(named(`"\_meth\od"`), "DELETE"), "DELETE", "denied"},
		{parts, part(named(`"%5Fmethod"`), "DELETE"), "DELETE", "denied"},
		{parts, part(`content-disposition:form-data;name*=utf-8''%5Fmethod`, "DELETE"), "DELETE", "denied"},
		{parts, part("Content-Disposition: form-data;\r\n name=\"_method\"", "DELETE"), "DELETE", "denied"},
		{parts, part("Content-Type: text/plain\r\n"+named("_method")+"\r\nX: "+long[:4000], "DELETE"), "DELETE", "denied"},
		{parts, part(named("_method")+"\r\nX: "+long, "DELETE"), "PUT PATCH DELETE", "denied"},
		{parts, part(`Content-Disposition: form-data; x="`+long+`"; name=_method`, "DELETE"), "DELETE", "denied"},
		{parts, part(`Content-Disposition: form-data; name*0=_met; name*1=hod`, "DELETE"), "PUT PATCH DELETE", "denied"},
		{parts, strings.ReplaceAll(part(named("_method"), "DELETE"), "\r\n", "\n"), "PUT PATCH DELETE", "denied"},
		{parts, strings.ReplaceAll(part(named("_method"), "DELETE"), "\r\n", "\r"), "PUT PATCH DELETE", "denied"},
		{parts, part(named(`'_method'`), "DELETE"), "DELETE", "denied"},
		{parts, part(named(`"_method`), "DELETE"), "DELETE", "denied"},
		{parts, part(named(`"[_method]"`), "DELETE"), "DELETE", "denied"},
		{parts, part(named("\"_method\x00x\""), "DELETE"), "DELETE", "denied"},
		{parts, part(`Content-ID: _method`, "DELETE"), "DELETE", "denied"},
		{parts, part(`X-`+named("_method"), "DELETE"), "DELETE", "denied"},
		{parts, part(` `+named("_method"), "DELETE"), "DELETE", "denied"},
		{parts, part("\f"+named("_method"), "DELETE"), "DELETE", "denied"},
		{parts, part("\u00a0"+named("_method"), "DELETE"), "DELETE", "denied"},
		{parts, part("a=b; "+named("_method"), "DELETE"), "PUT PATCH DELETE", "denied"}, // Rack
		{parts, part(`%`+named(`"[_method]"; x=y`), "DELETE"), "PUT PATCH DELETE", "denied"},
		{parts, part(`%Content-Disposition: form-data; x=":"; name=_method`, "DELETE"), "PUT PATCH DELETE", "denied"},
		{parts, part("%Content-Disposition: form-data;\r\n\tname=_method\r\nX: y", "DELETE"), "PUT PATCH DELETE", "denied"},
		{parts, part("%Content-Disposition: a; Content-ID: _method", "DELETE"), "PUT PATCH DELETE", "denied"},
		{parts, part(`%Content-Disposition: form-data; name="; name="_method"`, "DELETE"), "PUT PATCH DELETE", "denied"},
		{parts, part("%Content-Disposition: form-data; name=\n\r\n\"; name=_method=x", "DELETE"), "PUT PATCH DELETE", "denied"},
		{parts, part(`%Content-Disposition: form-data; x="`+long+`"; name=_method`, "DELETE"), "DELETE", "denied"},
		{parts, part(named(`"_meth`+"\r\n"+`od"`), "DELETE"), "DELETE", "denied"}, // PHP
		{parts, part(named(`"_meth`+"\x00x\r\n"+`od"`), "DELETE"), "DELETE", "denied"},
		{parts, part(long[:5120]+named("_method"), "DELETE"), "DELETE", "denied"},
		{parts, part(named(`_method\x`), "DELETE"), "DELETE", "denied"}, // Rack
		{parts, part(named("a"), "1") + part(named("_method")+"\r\nX: PUT", "DELETE"), "PUT DELETE", "denied"},
		{parts, part(named("file")+"; filename=a.eml", "Content-Disposition: attachment; filename*0=\"abc\"\r\n\r\nself._method()"), "", ""},
		{parts, part(named(`"=?utf-8?B?X21ldGhvZA==?="`), "DELETE"), "PUT PATCH DELETE", "denied"},
		{parts, part(`Content-Disposition: form-data; name*=IBM037''%6D%94%85%A3%88%96%84`, "DELETE"), "PUT PATCH DELETE", "denied"},
		{parts, part(`Content-Disposition: form-data; name*=utf-16be''%00_%00m%00e%00t%00h%00o%00d`, "DELETE"), "DELETE", "denied"}, // NULs are nothing
		{parts, part(`Content-Disposition: form-data; name*=utf-8''file; filename*=utf-8''a`, "DELETE"), "", ""},
		{parts, part(`Content-Disposition: form-data; name="file"; filename="=?utf-8?B?YQ==?="`, "x"), "", ""},
		{parts, part(`Content-Disposition: form-data; name="file"; filename="http_method_override.rb"`, "# frozen_string_literal: true"), "", ""},
		{parts, part(`Content-Disposition: form-data; name="file"; filename="a.js"`, "h['Content-Disposition'] = 1\nx(f)._method = 'DELETE'\n"), "", ""},
		{parts, part("%"+named("method"), "DELETE"), "", ""},
		{parts, part(named("file")+"; filename=b.js", "f('Content-Disposition: form-data; name=\"' + name);\nx._method = 'DELETE';\n"), "", ""},
		{parts, part(named("file")+"; filename=a.py", "def _method(self): self._method() # DELETE"), "", ""},
		{parts, part(named("_method"), "PUT"), "PUT", ""},
		{parts, part(named("_method"), ""), "", ""},
		{parts, part(named("payment_method"), "DELETE"), "", ""},
		{parts, part(named("file")+"; filename=a.bin", long+"\n"+long), "", ""},
		{parts, "preamble", "", ""},
		{"multipart/mixed", part(named("_method"), "DELETE"), "DELETE", "denied"},

		{doc, `{"_method":"DELETE"}`, "DELETE", "denied"},
		{doc, `{"\u005fmethod" : "D\u0045LETE"}`, "DELETE", "denied"},
		{doc, ` {"a":{"_method":"DELETE"},"b":["_method","DELETE"],"c":"_method"}`, "", ""},
		{doc, `{"a":"\"_method\":\"DELETE\"","_method":"PUT"}`, "PUT", ""},
		{doc, `{"a":"` + long + `\\","_method":"DELETE"}`, "DELETE", "denied"},
		{doc, `{"a":[{},[]],"_method":"DELETE"}`, "DELETE", "denied"},
		{doc, `{"_method":1,"` + long + `":2}`, "", ""},
		{doc, `{"_method":null,"a":"` + long + `"}`, "", ""},
		{doc, `{"_method":"` + long + ` "}`, "", "a form in the body cannot be read as every server would"},
		{doc, `{"_method":` + strings.Repeat(" ", 200) + `"DELETE"}`, "DELETE", "denied"},
		{doc, `{"_method":` + strings.Repeat(" ", 5000) + `"DELETE"}`, "", "a form in the body cannot be read as every server would"},
		{doc, `{"method":"DELETE"}`, "", ""},
		{doc, `{"_method":"tools/call"}`, "", ""},
		{doc, `{"method_` + long + `":1}`, "", ""},
		{doc, `{"` + strings.Repeat(" ", 1100) + `_method":"DELETE"}`, "", "a form in the body cannot be read as every server would"},
		{doc, `{"_method\u0000` + strings.Repeat("a", 2000) + `":"DELETE"}`, "", "a form in the body cannot be read as every server would"},
		{"text/plain; a=/json", `{"_method":"DELETE"}`, "DELETE", "denied"},
		{doc, `["_method","DELETE"]`, "", ""},
		{doc, `"_method"`, "", ""},
		{doc, `{"_method`, "", ""},
		{doc, `{"_method":`, "", ""},
		{"application/vnd.api+json", `{"_method":"DELETE"}`, "DELETE", "denied"},
	} {
		for how, reader := range map[string]func(io.Reader) io.Reader{
			"at once": func(r io.Reader) io.Reader { return r }, "byte by byte": iotest.OneByteReader, "with its end": iotest.DataErrReader,
		} {
			passed, asked, err := watch(reader(strings.NewReader(row.body)), row.kind)
			name := fmt.Sprintf("%s %.80q %s", row.kind, row.body, how)
			if got := strings.Join(asked, " "); got != row.asked {
				t.Errorf("%s: asked for %q, want %q", name, got, row.asked)
			}
			switch {
			case row.err == "" && (err != nil || passed != row.body):
				t.Errorf("%s: %v, %d bytes of %d passed", name, err, len(passed), len(row.body))
			case row.err != "" && (err == nil || !strings.Contains(err.Error(), row.err)):
				t.Errorf("%s: %v, want %s", name, err, row.err)
			case row.err != "" && strings.Contains(passed, "DELETE"):
				t.Errorf("%s: passed %.80q", name, passed)
			}
		}
	}
}

// A body that is written to be slow is not: a second for each megabyte would be minutes for an upload.
func TestWatchIsLinear(t *testing.T) {
	line := "content-disposition:" + strings.Repeat(`name=\`, 1350) + "\n"
	for kind, body := range map[string]string{
		parts: strings.Repeat(line, (2<<20)/len(line)), parts + "; a": strings.Repeat("content-id", 200_000), parts + "; b": strings.Repeat("content-id:_methodx\r\n\r\n", 90_000),
		parts + "; c": strings.Repeat("x content-id:", 160_000), parts + "; d": strings.Repeat("x content-id:"+strings.Repeat(";name=", 600)+"\n", 600),
		form: strings.Repeat("_&", 1<<20), form + "; a": strings.Repeat("%20", 700_000), doc: "{" + strings.Repeat(`"a":"\\",`, 200_000),
		doc + "; a": strings.Repeat(`{"_metho`, 250_000),
	} {
		began := time.Now()
		_, _, err := watch(strings.NewReader(body), kind)
		if took := time.Since(began); err != nil || took > 4*time.Second {
			t.Errorf("%.40s: %d bytes took %s, %v", body, len(body), took, err)
		}
	}
}

func BenchmarkWatch(b *testing.B) {
	body := strings.Repeat("x", 16<<20)
	for _, kind := range []string{form, parts, doc, "text/plain"} {
		b.Run(kind, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				_, _ = io.Copy(io.Discard, struct{ io.Reader }{override.Watch(strings.NewReader(body), kind, func(string) error { return nil })})
			}
		})
	}
}

func TestIsPlain(t *testing.T) {
	for kind, want := range map[string]bool{
		"": true, "application/json": true, "application/json; charset=utf-8": true, `text/plain; Charset="UTF-8"; x=y`: true, "a; charset=iso-8859-1": true, "text/plain; charset=windows-1252": true,
		"application/json; charset=utf-7": false, "application/json; charset=utf-16": false, "x/json; charset = ucs-2": false, "x/json; charset=utf-8; charset=utf-7": false,
	} {
		if override.IsPlain(kind) != want {
			t.Errorf("%q is plain: %t", kind, !want)
		}
	}
}

// What the client's side says at the end is said on.
func TestWatchKeepsErrors(t *testing.T) {
	for _, kind := range []string{form, parts, doc} {
		gone := errors.New("gone")
		_, _, err := watch(io.MultiReader(strings.NewReader("a"), iotest.ErrReader(gone)), kind)
		if !errors.Is(err, gone) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// Whatever Go reads in a form as a request for another method was asked about before the body was through.
func FuzzForm(f *testing.F) {
	f.Add("a=1&_method=DELETE", 3)
	f.Add(" _method=%44ELETE&x[_method]=PUT", 1)
	f.Fuzz(func(t *testing.T, body string, size int) {
		values, _ := url.ParseQuery(body)
		_, asked, err := watch(chunks(body, size), form)
		check(t, values["_method"], asked, err)
	})
}

func FuzzParts(f *testing.F) {
	f.Add(part(`Content-Disposition: form-data; name="_method"`, "DELETE"), 5)
	f.Add(part("Content-Disposition: form-data;\r\n\tname*=utf-8''_method", "PUT"), 1)
	f.Fuzz(func(t *testing.T, body string, size int) {
		form, _ := multipart.NewReader(strings.NewReader(body), "B").ReadForm(1 << 20)
		_, asked, err := watch(chunks(body, size), parts)
		if form != nil {
			check(t, form.Value["_method"], asked, err)
		}
	})
}

func FuzzMembers(f *testing.F) {
	f.Add(`{"a":"\"","_method":"DELETE"}`, 2)
	f.Fuzz(func(t *testing.T, body string, size int) {
		_, asked, err := watch(chunks(body, size), doc)
		check(t, memberOf(body), asked, err)
	})
}

// check allows for values that are no method, or more than one, of which the first ends the body.
func check(t *testing.T, want, asked []string, err error) {
	t.Helper()
	for _, value := range want {
		method := strings.ToUpper(value)
		if value != "" && err == nil && !slices.Contains(asked, method) {
			t.Errorf("%q was not asked about, only %q", value, asked)
		}
	}
}

func chunks(body string, size int) io.Reader {
	var all []io.Reader
	for piece := range slices.Chunk([]byte(body), 1+max(size, -size)%64) {
		all = append(all, bytes.NewReader(piece))
	}
	return io.MultiReader(all...)
}
