package proxy_test

import (
	"slices"
	"strings"
	"testing"
)

// TestFieldsThatStay: fields that concern one hop, or that servers read instead of what was judged, end
// here. Each row is fields and, after "->", the names of those that the origin must not hear.
func TestFieldsThatStay(t *testing.T) {
	for _, m := range modes {
		w := newCorpusWorld(t, corpusPolicy)
		for _, row := range []string{
			"Connection: Authorization, close|Authorization: Bearer x -> connection authorization",
			"Connection: cookie|Cookie: a=b -> cookie",
			"Connection: close|Connection: X-A|X-A: 1 -> connection x-a",
			"Connection: Host, Content-Length|X-B: 1 -> connection",
			"Keep-Alive: timeout=5|Proxy-Connection: keep-alive|Proxy-Authorization: Basic eA==|TE: gzip -> keep-alive proxy-connection proxy-authorization te",
			"X-HTTP-Method-Override: DELETE|X-HTTP-Method: DELETE|X-Method-Override: DELETE -> x-http-method-override x-http-method x-method-override",
			"X_HTTP_Method_Override: DELETE|x-http_method-override: DELETE -> x_http_method_override x-http_method-override",
			"X-Original-URL: /admin|X-Rewrite-URL: /admin|X-Original-URI: /admin -> x-original-url x-rewrite-url x-original-uri",
			"X-Forwarded-Host: evil.example|Forwarded: host=evil.example|X-Host: evil.example -> x-forwarded-host forwarded x-host",
			"X-Forwarded-Prefix: /admin|X-Forwarded-Uri: /admin|X-Forwarded-Method: DELETE -> x-forwarded-prefix x-forwarded-uri x-forwarded-method",
			"SCRIPT_NAME: /public|Path_Info: /admin|X-Script-Name: /public|X-Forwarded-Path: /public -> script_name path_info x-script-name x-forwarded-path",
			"X-Sendfile-Type: X-Accel-Redirect|X-Accel-Mapping: /=/admin/ -> x-sendfile-type x-accel-mapping",
			"X_Forwarded_Host: evil.example|X-Original-Host: evil.example|X-Forwarded-Server: evil.example -> x_forwarded_host x-original-host x-forwarded-server",
		} {
			t.Run(m.name+"/"+row, func(t *testing.T) {
				fields, gone, _ := strings.Cut(row, " -> ")
				w.ask(t, m, m.fill(get+strings.ReplaceAll(fields, "|", "\r\n")+"\r\nX-Kept: yes\r\n\r\n"))
				all, _ := w.take()
				if len(all) == 0 {
					t.Fatal("the origin heard nothing")
				}
				for name := range strings.FieldsSeq(gone) {
					if value, ok := all[0].field(name); ok {
						t.Errorf("the origin heard %s: %s", name, value)
					}
				}
				if _, ok := all[0].field("x-kept"); !ok {
					t.Error("the origin did not hear X-Kept")
				}
			})
		}
	}
}

// TestTrailersStay: trailers come when the request is decided, and after its credentials were looked at.
func TestTrailersStay(t *testing.T) {
	for _, m := range modes {
		w := newCorpusWorld(t, corpusPolicy)
		for _, declared := range []string{"", "Trailer: X-Sum\r\n", "Trailer: X-Sum, Authorization, X-Http-Method-Override\r\n"} {
			t.Run(m.name+"/"+declared, func(t *testing.T) {
				trailers := "X-Sum: 1\r\nAuthorization: Bearer x\r\nHost: evil.example\r\nX-Http-Method-Override: DELETE\r\nContent-Length: 9\r\n"
				got := w.ask(t, m, m.fill(post+declared+te+"\r\n2\r\nhi\r\n0\r\n"+trailers+"\r\n"))
				all, problems := w.take()
				if len(got) != 2 || len(all) != 2 || len(problems) != 0 {
					t.Fatalf("answered %q, the origin heard %v %v", got, all, problems)
				}
				if named, ok := all[0].field("trailer"); ok || len(all[0].trailers) != 0 {
					t.Errorf("the origin heard of %q the trailers %q", named, slices.Compact(all[0].trailers))
				}
			})
		}
	}
}
