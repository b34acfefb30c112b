package sandbox_test

import (
	"slices"
	"strings"
	"testing"

	"exeat/store"
)

// A program that wants UDP is refused at once, and there is one record of each
// destination, with the name it was found by and the program.
func TestDatagramsAreRecorded(t *testing.T) {
	boxes := newBoxes(t)
	create(t, boxes, frozen(t, "box", testPolicy))
	const send = `for to in quic.example/443 203.0.113.9/9999; do for i in 1 2 3; do (echo x >/dev/udp/$to; echo x >/dev/udp/$to) 2>/dev/null; done; done
	echo x >/dev/udp/127.0.0.1/9999; echo x >/dev/udp/203.0.113.9/53`
	run(t, boxes, "box", "bash", "-c", send)
	got := denials(t, boxes)
	if len(got) != 2 {
		t.Fatalf("got %d records, want one of each destination: %+v", len(got), got)
	}
	slices.SortFunc(got, func(a, b store.Decision) int { return a.Port - b.Port })
	for i, want := range []struct {
		host string
		port int
	}{{"quic.example", 443}, {"203.0.113.9", 9999}} {
		if d := got[i]; d.Host != want.host || d.Port != want.port || d.Protocol != "udp" || d.Exe != "/usr/bin/bash" {
			t.Errorf("got %s:%d by %s over %s, want %s:%d", d.Host, d.Port, d.Exe, d.Protocol, want.host, want.port)
		}
	}
}

// A client of QUIC hears at once that there is none, and uses TCP: by the name's address and by literals,
// of both families. DNS says nothing of HTTP/3 or ECH (RFC 9460): no data, which is no error.
func TestQUICFallsBackAtOnce(t *testing.T) {
	boxes := newBoxes(t)
	create(t, boxes, frozen(t, "box", testPolicy))
	const script = `
import socket, struct, time
def refused(family, to):
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.settimeout(5)
    s.connect(to)
    began = time.monotonic()
    try:
        s.send(b"x" * 1200)
        s.recv(1)
    except ConnectionRefusedError:
        return "refused" if time.monotonic() - began < 0.5 else "late"
    except OSError as e:
        return repr(e)
    return "answered"
def ask(kind):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(5)
    s.connect(("8.8.8.8", 53))
    s.send(struct.pack("!6H", 7, 0x100, 1, 0, 0, 0) + b"\x04quic\x07example\0" + struct.pack("!2H", kind, 1))
    _, flags, asked, answers, authorities, additional = struct.unpack("!6H", s.recv(512)[:12])
    return flags & 15, asked, answers, authorities, additional
name = socket.gethostbyname("quic.example")
for to in (name, 443), (name, 80), ("203.0.113.9", 443), ("8.8.8.8", 853), ("10.0.0.1", 443):
    print(refused(socket.AF_INET, to))
for to in ("2001:db8::9", 443), ("::ffff:" + name, 443):
    print(refused(socket.AF_INET6, to))
print(ask(65), ask(64))`
	want := strings.Repeat("refused\n", 7) + "(0, 1, 0, 0, 0) (0, 1, 0, 0, 0)\n"
	if got := run(t, boxes, "box", "python3", "-c", script); got.out != want {
		t.Errorf("got %q %q, want %q", got.out, got.err, want)
	}
}
