package native_test

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"exeat/proxy/native"
)

// conversation has a client say its lines, each once the answer to the one before is there, and returns all it heard.
func conversation(t *testing.T, reason string, lines, answers []string) (heard string, told bool) {
	t.Helper()
	client, server := net.Pipe()
	done := make(chan bool, 1)
	go func() {
		said := make([]byte, 4096)
		n, _ := server.Read(said)
		done <- native.Refuse(&replay{server, said[:n]}, said[:n], native.Reason{Text: reason, Denied: !strings.Contains(reason, "Gateway")}, noTLS)
		server.Close()
	}()
	for i, line := range lines {
		if _, err := io.WriteString(client, line); err != nil {
			break
		}
		answer := make([]byte, len(answers[i]))
		n, _ := io.ReadFull(client, answer)
		heard += string(answer[:n])
	}
	client.Close()
	return heard, <-done
}

func noTLS(net.Conn) (net.Conn, error) { return nil, errors.New("no TLS here") }

// replay is a connection of which some was read before.
type replay struct {
	net.Conn
	head []byte
}

func (r *replay) Read(p []byte) (int, error) {
	if len(r.head) > 0 {
		n := copy(p, r.head)
		r.head = r.head[n:]
		return n, nil
	}
	return r.Conn.Read(p)
}

func startup(code uint32, rest string) string {
	b := binary.BigEndian.AppendUint32(nil, uint32(8+len(rest)))
	return string(binary.BigEndian.AppendUint32(b, code)) + rest
}

func TestRefuse(t *testing.T) {
	const (
		reason   = "denied by exeat: 7: no rule"
		ssh      = "SSH-2.0-exeat\r\n\x00\x00\x00\x34\x0b\x01\x00\x00\x00\x01\x00\x00\x00\x1b" + reason + "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
		postgres = "E\x00\x00\x00\x37SFATAL\x00VFATAL\x00C28000\x00M" + reason + "\x00\x00"
		redis    = "-NOPERM " + reason + "\r\n"
	)
	hello := startup(3<<16, "user\x00ada\x00\x00")
	for name, tt := range map[string]struct{ lines, answers []string }{
		"ssh":               {[]string{"SSH-2.0-OpenSSH_9.2\r\n"}, []string{ssh}},
		"postgres":          {[]string{hello}, []string{postgres}},
		"postgres 3.2":      {[]string{startup(3<<16|2, "user\x00ada\x00\x00")}, []string{postgres}},
		"postgres with GSS": {[]string{startup(80877104, ""), hello}, []string{"N", postgres}},
		"redis":             {[]string{"*1\r\n$4\r\nPING\r\n", "*2\r\n$3\r\nGET\r\n$1\r\na\r\n"}, []string{redis, redis}},
		"redis, at once":    {[]string{"*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nPING\r\n"}, []string{redis + redis}},
	} {
		t.Run(name, func(t *testing.T) {
			heard, told := conversation(t, reason, tt.lines, tt.answers)
			if want := strings.Join(tt.answers, ""); heard != want || !told {
				t.Errorf("told %t: heard\n%q, want\n%q", told, heard, want)
			}
		})
	}
}

// Whoever speaks something else, or stops half way, is not answered, and nobody waits for them.
func TestRefuseNobody(t *testing.T) {
	for name, lines := range map[string][]string{
		"nothing known":            {"EHLO there\r\n"},
		"a short number":           {"\x00\x00\x00\x08"},
		"another code":             {startup(80877102, "")},
		"a cancellation":           {startup(80877102, "12345678")},
		"a long startup":           {string(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, 1<<20), 3<<16))},
		"redis without an end":     {"*2\r\n$3\r\nGET\r\n"},
		"redis of another kind":    {"*1\r\n:3\r\n"},
		"redis with a long word":   {"*1\r\n$99999999\r\nPING\r\n"},
		"redis with a negative":    {"*1\r\n$-1\r\n"},
		"TLS that fails":           {startup(80877103, "")},
		"GSS and no more":          {startup(80877104, "")},
		"GSS, then something else": {startup(80877104, ""), "GET / HTTP/1.1\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			answers := make([]string, len(lines))
			answers[0] = map[string]string{"TLS": "S", "GSS": "N"}[name[:3]]
			if heard, told := conversation(t, "no", lines, answers); told {
				t.Errorf("told, heard %q", heard)
			}
		})
	}
}

// What failed is not called a lack of rights.
func TestFailures(t *testing.T) {
	for line, want := range map[string]string{
		"*1\r\n$4\r\nPING\r\n": "-ERR Bad Gateway", startup(3<<16, "user\x00ada\x00\x00"): "E\x00\x00\x00\x27SFATAL\x00VFATAL\x00C08001\x00MBad Gateway",
		"SSH-2.0-x\r\n": "SSH-2.0-exeat\r\n\x00\x00\x00\x24\x0b\x01\x00\x00\x00\x07\x00\x00\x00\x0bBad Gateway",
	} {
		if heard, _ := conversation(t, "Bad Gateway", []string{line}, []string{want}); heard != want {
			t.Errorf("heard %q, want %q", heard, want)
		}
	}
}

// What stands in a reason cannot begin a second answer.
func TestOneLine(t *testing.T) {
	heard, _ := conversation(t, "no\r\n+OK\r\n\xff", []string{"*1\r\n$4\r\nPING\r\n"}, []string{strings.Repeat("x", len("-NOPERM no??+OK???\r\n"))})
	if heard != "-NOPERM no??+OK???\r\n" {
		t.Errorf("heard %q", heard)
	}
}
