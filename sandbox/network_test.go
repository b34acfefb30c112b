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
		{"git ls-remote https://github.com/acme/widgets 2>&1 | grep -c -e 403 -e denied", "1\n"},
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
