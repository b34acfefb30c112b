package proxy_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

const turnPolicy = `version: 1
network_policies:
  api:
    endpoints:
      - { host: api.example, port: 443, protocol: rest, enforcement: enforce, access: read-write }
      - { host: dav.example, port: 443, protocol: rest, enforcement: enforce, access: full, deny_rules: [{ method: "*", path: "/admin/**" }] }
      - { host: all.example, port: 443, protocol: rest, enforcement: enforce, access: full }
    binaries: [{ path: /usr/bin/curl }]
`

// A form that asks for another method ends before its last byte where the policy denies that method, by both versions of
// HTTP, and the answer says so (HP14).
func TestBodiesThatAskForAMethod(t *testing.T) {
	w := newWorld(t, turnPolicy)
	for _, host := range []string{"api.example", "all.example"} {
		w.origin(host, 443, func(rw http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if z, none := gzip.NewReader(bytes.NewReader(body)); none == nil {
				body, _ = io.ReadAll(z)
			}
			if err == nil && host == "api.example" && bytes.Contains(body, []byte("DELETE")) {
				t.Errorf("the origin got %q", body)
			}
			fmt.Fprintf(rw, "got %d", len(body))
		})
	}
	const form = "application/x-www-form-urlencoded"
	long := strings.Repeat("x", 1<<20)
	for name, row := range map[string]struct {
		host, kind, coding, body string
		status                   int
		want, code               string
	}{
		"form":               {"api.example", form, "", "a=1&_method=DELETE", 403, "the body asks for the method DELETE: DELETE /x not permitted", "policy_denied"},
		"form, as PHP reads": {"api.example", form, "", ".method=DELETE", 403, "the body asks for the method DELETE: DELETE /x not permitted", "policy_denied"},
		"behind much":        {"api.example", form, "", "a=" + long + "&_method=DELETE", 403, "the body asks for the method DELETE: DELETE /x not permitted", "policy_denied"},
		"multipart":          {"api.example", "multipart/form-data; boundary=B", "", "--B\r\nContent-Disposition: form-data; name=\"_method\"\r\n\r\nDELETE\r\n--B--\r\n", 403, "the body asks for the method DELETE: DELETE /x not permitted", "policy_denied"},
		"as Rack finds it":   {"api.example", "multipart/form-data; boundary=B", "", "--B\r\n%Content-Disposition: form-data; name=\"_method\"\r\n\r\nDELETE\r\n--B--\r\n", 403, "the body asks for the method DELETE: DELETE /x not permitted", "policy_denied"},
		"as PHP joins it":    {"api.example", "multipart/form-data; boundary=B", "", "--B\r\nContent-Disposition: form-data; name=\"_meth\r\nod\"\r\n\r\nDELETE\r\n--B--\r\n", 403, "the body asks for the method DELETE: DELETE /x not permitted", "policy_denied"},
		"json":               {"api.example", "application/json", "", `{"_method":"DELETE"}`, 403, "the body asks for the method DELETE: DELETE /x not permitted", "policy_denied"},
		"no method":          {"api.example", form, "", "_method=a+b", 400, "the body's _method is no method", "malformed_request"},
		"allowed":            {"api.example", form, "", "_method=PUT&a=" + long, 200, "got 1048590", ""},
		"elsewhere":          {"all.example", form, "", "_method=DELETE", 200, "got 14", ""},
		"a call":             {"api.example", "application/json", "", `{"jsonrpc":"2.0","id":1,"method":"delete"}`, 200, "got 42", ""},
		"UTF-7":              {"api.example", "application/json; charset=utf-7", "", `{"+AF8-method":"DELETE"}`, 403, "send it as UTF-8", "malformed_request"},
		"panic":              {"api.example", "application/json", "", `{"` + strings.Repeat(" ", 1100) + `_method":"DELETE"}`, 400, "cannot be read", "malformed_request"},
		"gzip":               {"api.example", form, "gzip", "_method=DELETE", 403, "the body asks for the method DELETE: DELETE /x not permitted", "policy_denied"},
		"gzip, not packed":   {"api.example", form, "gzip, plain", "_method=DELETE", 403, "encoded as gzip, plain", "malformed_request"},
		"gzip that is none":  {"api.example", form, "x-gzip", "a=1", 400, "the body cannot be unpacked: unexpected EOF", "malformed_request"},
		"gzip, as it stands": {"api.example", form, "x-gzip", "&_method=DELETE", 403, "the body asks for the method DELETE: DELETE /x not permitted", "policy_denied"},
		"br":                 {"api.example", form, "br", "_method=DELETE", 403, "encoded as br", "malformed_request"},
		"br of json":         {"api.example", "application/json", "br", "{}", 403, "send it as gzip, or as it is", "malformed_request"},
		"br elsewhere":       {"all.example", form, "br", "_method=DELETE", 200, "got ", ""},
		"gzip elsewhere":     {"all.example", form, "gzip", "_method=DELETE", 200, "got ", ""},
		"gzip of json":       {"api.example", "application/json", "gzip", `{}`, 200, "got ", ""},
		"gzip of json asks":  {"api.example", "application/json", "gzip", `{"_method":"DELETE"}`, 403, "the body asks for the method DELETE: DELETE /x not permitted", "policy_denied"},
		"gzip of json, long": {"api.example", "application/json", "gzip", `{"a":"` + long + `","_method":"DELETE"}`, 403, "the body asks for the method DELETE: DELETE /x not permitted", "policy_denied"},
		"gzip of json, asks": {"api.example", "application/json", "gzip", `{"a":"` + long + `","_method":"PUT"}`, 200, "got ", ""},
	} {
		for version, client := range map[string]*http.Client{"h1": w.client(transparent), "h2": w.http2Client(transparent)} {
			w.sink.take()
			body := row.body
			if row.coding == "gzip" {
				body = gzipped(body)
			}
			r, _ := http.NewRequestWithContext(t.Context(), "POST", "https://"+row.host+"/x", strings.NewReader(body))
			r.Header.Set("Content-Type", row.kind)
			if row.coding != "" {
				r.Header.Set("Content-Encoding", row.coding)
			}
			resp, err := client.Do(r)
			if err != nil {
				t.Errorf("%s, %s: %v", name, version, err)
				continue
			}
			got, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			if resp.StatusCode != row.status || !strings.Contains(string(got), row.want) {
				t.Errorf("%s, %s: %s %s", name, version, resp.Status, got)
			}
			events := w.sink.all()
			if last := events[len(events)-1]; string(last.Code) != row.code {
				t.Errorf("%s, %s: recorded %s", name, version, w.sink.verdicts())
			}
		}
	}
}

func gzipped(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, text)
	_ = z.Close()
	return b.String()
}

// A copy is judged by both of its paths.
func TestDestination(t *testing.T) {
	w := newWorld(t, turnPolicy)
	w.origin("dav.example", 443, func(rw http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(rw, "%s to %q", r.Method, r.Header["Destination"])
	})
	for destination, want := range map[string]string{
		"https://dav.example/ok/x":            `200 COPY to ["https://dav.example/ok/x"]`,
		"/ok/./y/":                            `200 COPY to ["https://dav.example/ok/y/"]`,
		"/ok/y":                               `200 COPY to ["https://dav.example/ok/y"]`,
		"https://dav.example:443/a%20b":       `200 COPY to ["https://dav.example/a%20b"]`,
		"https://dav.example/admin/x":         `403`,
		"/admin/x":                            `403`,
		"/%61dmin/x":                          `403`,
		"/ok/%c0%ae%c0%ae/admin/x":            `400`,
		"https://evil.example/x":              `400`,
		"http://dav.example/x":                `400`,
		"https://u@dav.example/x":             `400`,
		"x":                                   `400`,
		"/ok/x\r\nDestination: /admin/x":      `400`,
		"/ok/x\r\nX-Http-Destination: /admin": `200 COPY to ["https://dav.example/ok/x"]`,
	} {
		answer := w.exchange(transparent, "dav.example", 443, "COPY /x HTTP/1.1\r\nHost: dav.example\r\nConnection: close\r\nDestination: "+destination+"\r\n\r\n")
		status, body, _ := strings.Cut(strings.TrimPrefix(answer, "HTTP/1.1 "), "\r\n\r\n")
		if got := status[:3] + " " + body; got != want && !(len(want) == 3 && strings.HasPrefix(got, want)) {
			t.Errorf("%q: got %.200s, want %s", destination, got, want)
		}
	}
}
