package sandbox_test

import (
	"strings"
	"testing"
)

// Everything a program sends is answered here, whatever door it takes; nothing
// of it leaves the machine.
func TestNetworkIsAnswered(t *testing.T) {
	boxes := newBoxes(t)
	create(t, boxes, frozen(t, "box", testPolicy))
	const code = "-sS -o /dev/null -m 10 -w %{http_code}"
	tests := []struct{ script, want string }{
		{"curl " + code + " https://api.example.org/x", "403"},
		{"curl " + code + " http://plain.example.org/", "403"},
		{"curl " + code + " -X PUT https://api.example.com/x", "403"},
		{"curl " + code + " https://192.0.2.1/x -k", "403"},
		{"curl " + code + " -x http://127.0.0.1:3128 https://api.example.org/x", "000"}, // CONNECT itself, or the request in it
		{"curl -sS -m 10 http://exeat.local/ | head -c 13", "This is exeat"},
		{"python3 -c 'import urllib.request as u; u.urlopen(\"https://pypi.org/\", timeout=10)' 2>&1 | tail -1 | head -c 38", "urllib.error.HTTPError: HTTP Error 403"},
		{"git ls-remote https://github.com/acme/widgets 2>&1 | grep -c -e '^remote: denied by exeat' -e 'error: 403'", "2\n"},
		{`python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(5)
s.connect(("8.8.8.8", 443))
s.send(b"x")
try: s.recv(1)
except ConnectionRefusedError: print("refused")'`, "refused\n"},
		{"getent hosts any.name.at.all | cut -c1-7", "198.18.\n"},
	}
	for _, tt := range tests {
		got := run(t, boxes, "box", "sh", "-c", tt.script)
		if strings.Contains(tt.script, "-x http://127") {
			if got.out != "403" && !strings.Contains(got.err, "403") {
				t.Errorf("%s: got %q %q", tt.script, got.out, got.err)
			}
			continue
		}
		if got.out != tt.want {
			t.Errorf("%s: got %q %q, want %q", tt.script, got.out, got.err, tt.want)
		}
	}
}

// Two connections from one port to two hosts are one to the redirect, which then
// changes the second's port: it was nobody's, or, of many, another program's.
func TestSourcePortIsSharedByTwoConnections(t *testing.T) {
	boxes := newBoxes(t)
	create(t, boxes, frozen(t, "box", testPolicy))
	const script = `python3 -c '
import json, socket
def connect(host):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("", 20001))
    s.settimeout(10)
    s.connect((host, 80))
    return s
first, second = connect("one.example.org"), connect("two.example.org")
for s, host in (first, "one"), (second, "two"):
    s.sendall(f"GET / HTTP/1.0\r\nHost: {host}.example.org\r\n\r\n".encode())
    answer = b"".join(iter(lambda: s.recv(4096), b""))
    print(json.loads(answer.split(b"\r\n\r\n", 1)[1])["binary"].startswith("/usr/bin/python3"))'`
	got := run(t, boxes, "box", "sh", "-c", script)
	if want := "True\nTrue\n"; got.out != want {
		t.Errorf("got %q %q, want %q: both name the program", got.out, got.err, want)
	}
}
