package clients_test

// Every request over HTTP/1.1 and over HTTP/2.
var httpRows = []row{
	{name: "h1 GET", command: `curl -sSi --http1.1 $O/rest/json`, want: "^HTTP/1.1 200\n^{\"method\":\"GET\",\"protocol\":\"HTTP/1.1\""},
	{name: "h2 GET", command: `curl -sSi --http2 $O/rest/json`, want: "^HTTP/2 200\n^{\"method\":\"GET\",\"protocol\":\"HTTP/2.0\""},
	{name: "h1 HEAD", command: `curl -sSI --http1.1 $O/rest/json`, want: "^HTTP/1.1 200\n^Content-Length: 5\\d"},
	{name: "h2 HEAD", command: `curl -sSI --http2 $O/rest/json`, want: "^HTTP/2 200\n^content-length: 5\\d"},
	{name: "h1 204", command: `curl -sS --http1.1 -w '%{http_code}' $O/rest/204`, want: "^204$"},
	{name: "h2 204", command: `curl -sS --http2 -w '%{http_code}' $O/rest/204`, want: "^204$"},
	{name: "h1 304", command: `curl -sS --http1.1 -w '%{http_code}' -H 'If-None-Match: "one"' $O/rest/304`, want: "^304$"},
	{name: "h2 304", command: `curl -sS --http2 -w '%{http_code}' -H 'If-None-Match: "one"' $O/rest/304`, want: "^304$"},
	{name: "h1 range", command: `curl -sS --http1.1 -r 2-4 -w ' %{http_code}' $O/rest/range`, want: "^234 206$"},
	{name: "h2 range", command: `curl -sS --http2 -r 2-4 -w ' %{http_code}' $O/rest/range`, want: "^234 206$"},
	{name: "h1 gzip", command: `curl -sS --http1.1 --compressed $O/rest/gzip`, want: "^it was compressed$"},
	{name: "gzip as it is", command: `curl -sS $O/rest/gzip | gzip -d`, want: "^it was compressed$"},
	{name: "redirect", command: `curl -sSL $O/rest/redirect`, want: `"query":"redirected"`},
	{
		name: "h1 download", command: `GODEBUG=http2client=0 $C get $O/rest/large/20000000`,
		want: "^HTTP/1.1 200 OK, 20000000 bytes, digest is the trailer's: true$",
	},
	{
		name: "h2 download", command: `$C get $O/rest/large/20000000`,
		want: "^HTTP/2.0 200 OK, 20000000 bytes, digest is the trailer's: true$",
	},
	{name: "h1 upload", command: `head -c 9000000 /dev/zero | curl -sS --http1.1 -T - $O/rest/upload`, want: `"bytes":9000000,"length":-1`},
	{
		name: "h2 upload", command: `head -c 9000000 /dev/zero | curl -sS --http2 --data-binary @- $O/rest/upload`,
		want: `"bytes":9000000,"length":9000000`,
	},
	{
		name:    "h1 100-continue",
		command: `head -c 3000000 /dev/zero | curl -sSv --http1.1 -H 'Expect: 100-continue' --data-binary @- $O/rest/upload`,
		want:    "^< HTTP/1.1 100 Continue\n\"bytes\":3000000",
	},
	{
		name:    "h1 417 instead of 100",
		command: `head -c 3000000 /dev/zero | curl -sSv --http1.1 -H 'Expect: 100-continue' --data-binary @- $O/rest/too-large`,
		want:    "^< HTTP/1.1 413\n^this origin takes no uploads$",
	},
	{name: "plain HTTP", command: `curl -sS http://origin.example.com/rest/json`, want: `"protocol":"HTTP/1.1"`},
	{name: "an offer of h2c", command: `curl -sS --http2 http://origin.example.com/rest/json`, want: `"protocol":"HTTP/1.1"`},
	{name: "the explicit proxy", command: `curl -sS -x http://127.0.0.1:3128 $O/rest/json`, want: `"method":"GET"`},

	{
		name: "denied, h1", command: `curl -sSi --http1.1 -X DELETE $O/rest/json`, never: "DELETE /rest/json",
		want: "^HTTP/1.1 403 denied by exeat: \\d+\n^X-Exeat-Denial: \\d+\n" +
			"\"detail\": \"DELETE /rest/json not permitted by policy\"\n\"message\": \"denied by exeat: \\d+: DELETE",
	},
	{
		name: "denied, h2", command: `curl -sSi --http2 -X PUT $O/rest/json`,
		never: "PUT /rest/json", want: "^HTTP/2 403\n^x-exeat-denial: \\d+\n\"detail\": \"PUT /rest/json not permitted by policy\"",
	},
	{
		name: "denied, and curl told to fail", command: `curl -sS --fail-with-body $O/rest/secret/1`,
		code: 22, never: "GET /rest/secret/1", want: "requested URL returned error: 403\n\"detail\": \"GET /rest/secret/1",
	},
	{
		name: "denied host", command: `curl -sS https://away.example.com/rest/2`,
		never: "GET /rest/2", want: `"detail": "away.example.com:443 not permitted by policy"`,
	},
	{name: "denied behind a redirect", command: `curl -sSL $O/rest/away`, want: `"detail": "away.example.com:443 not permitted by policy"`},
	{
		name:    "denied upload, h1",
		command: `head -c 3000000 /dev/zero | curl -sS --http1.1 --data-binary @- $O/rest/secret/3`, never: "POST /rest/secret/3",
		want: `"detail": "POST /rest/secret/3 not permitted`,
	},
	{
		name:    "denied upload, h2",
		command: `head -c 3000000 /dev/zero | curl -sS --http2 --data-binary @- $O/rest/secret/4`, never: "POST /rest/secret/4",
		want: `"detail": "POST /rest/secret/4 not permitted`,
	},
	{
		name:    "denied before 100-continue",
		command: `head -c 3000000 /dev/zero | curl -sSv --http1.1 -H 'Expect: 100-continue' --data-binary @- $O/rest/secret/5`,
		never:   "POST /rest/secret/5", want: "^< HTTP/1.1 403 denied by exeat",
	},
}
