package clients_test

// Answers that come in pieces, and both ways at once.
var streamRows = []row{
	{
		name: "h1 events", command: `GODEBUG=http2client=0 $C timed $O/rest/events`,
		want: "^HTTP/1.1 200 OK text/event-stream$\n^data: {\"tick\": 4}$\n^flowing$",
	},
	{name: "h2 events", command: `$C timed $O/rest/events`, want: "^HTTP/2.0 200 OK text/event-stream$\n^data: {\"tick\": 4}$\n^flowing$"},
	{name: "h1 ndjson", command: `GODEBUG=http2client=0 $C timed $O/rest/ndjson`, want: "^{\"tick\": 4}$\n^flowing$"},
	{name: "h2 ndjson", command: `$C timed $O/rest/ndjson`, want: "^{\"tick\": 4}$\n^flowing$"},
	{name: "h1 cut off", command: `curl -sSN --http1.1 $O/rest/cut`, code: 18, want: "^piece 4$\noutstanding read data"},
	{name: "h2 cut off", command: `curl -sSN --http2 $O/rest/cut`, code: 92, want: "^piece 4$\nnot closed cleanly"},
	{
		name: "denied events", command: `$C timed $O/rest/secret/events`,
		never: "GET /rest/secret/events", want: "403 Forbidden application/json\n\"detail\": \"GET /rest/secret/events",
	},

	{name: "gRPC unary", command: `$C say $O/acme.Echo/Say hello`, want: "^heard hello$\n^status 0"},
	{name: "gRPC from the server", command: `$C say $O/acme.Echo/Count tick`, want: "^heard tick$\n^status 0, flowing$"},
	{name: "gRPC both ways", command: `$C chat $O/acme.Echo/Chat a b c`, want: "^heard a$\n^heard c$\n^status 0"},
	{name: "gRPC failure", command: `$C say $O/acme.Echo/Fail x`, code: 1, want: "rpc error: code = 5 desc = there is no such thing$"},
	{name: "gRPC status alone", command: `$C say $O/acme.Echo/Refuse x`, code: 1, want: "rpc error: code = 16 desc = who are you$"},
	{
		name: "denied gRPC", command: `$C say $O/acme.Echo/Erase x`, code: 1, never: "POST /acme.Echo/Erase",
		want: "rpc error: code = 7 desc = denied by exeat: \\d+: POST /acme.Echo/Erase forbidden by a deny rule",
	},
	{name: "denied gRPC both ways", command: `$C chat $O/acme.Echo/Erase x y`, code: 1, want: "rpc error: code = 7 desc = denied by exeat"},
}
