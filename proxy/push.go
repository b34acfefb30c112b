package proxy

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxCommands bounds what is read of a push to learn which refs it wants to change.
const maxCommands = 64 << 10

// isPush reports whether a request is the second half of a git push over HTTP (gitprotocol-http).
func (x *exchange) isPush() bool {
	return x.r.Method == http.MethodPost && strings.HasSuffix(x.request.Path, "/git-receive-pack")
}

// pushCommands are the refs at the head of a push, and how the client wants to be told about them.
type pushCommands struct {
	commands []command
	unread   error // why what the push changes is not known
	report   bool  // the client understands report-status
	sideBand int   // largest packet of the side-band it understands; 0: none
	probe    bool  // nothing but a flush: git asks whether it may push before it sends a large one
}

// reportable says that git's own way of refusing can be used. Everything else would be shown by git
// as "Everything up-to-date" or as a broken connection.
func (p *pushCommands) reportable() bool { return p.report && len(p.commands) > 0 }

// readPush reads the commands of a push. A body that is none gives nothing to report.
func (x *exchange) readPush(from io.Reader) *pushCommands {
	if !x.reserve(maxCommands) {
		return &pushCommands{unread: errors.New("the bodies of other requests take all the room there is for reading them: push again")}
	}
	controller := http.NewResponseController(x.w)
	_ = controller.SetReadDeadline(time.Now().Add(x.server.limits.body)) // or nobody decides, and nothing is recorded
	defer func() { _ = controller.SetReadDeadline(time.Time{}) }()
	body := io.Reader(io.LimitReader(from, maxCommands))
	if strings.EqualFold(x.r.Header.Get("Content-Encoding"), "gzip") {
		unzipped, err := gzip.NewReader(body)
		if err != nil {
			return &pushCommands{unread: err}
		}
		body = io.LimitReader(unzipped, maxCommands) // of what comes out: a small body can be a bomb
	}
	return readPushCommands(body)
}

// readPushCommands reads pkt-lines up to the first flush (gitprotocol-pack, "Reference Update Request").
// A line that is neither a command nor known to change nothing makes the push one that cannot be judged.
func readPushCommands(r io.Reader) *pushCommands {
	p := &pushCommands{}
	for lines := 0; ; lines++ {
		line, err := readPacket(r)
		if err != nil {
			p.unread = fmt.Errorf("the commands of the push cannot be read to their end within %d bytes: push fewer refs at once", maxCommands)
			return p
		}
		if line == nil {
			p.probe = lines == 0 && atEnd(r)
			return p
		}
		p.add(string(line))
	}
}

func (p *pushCommands) add(line string) {
	text, capabilities, listed := strings.Cut(line, "\x00")
	if listed {
		p.readCapabilities(capabilities)
	}
	if c, ok := readCommand(text); ok {
		p.commands = append(p.commands, c)
	} else if !strings.HasPrefix(text, "shallow ") && p.unread == nil {
		p.unread = fmt.Errorf("the push has a line that is not read here: %s", oneLine(text))
	}
}

func atEnd(r io.Reader) bool {
	_, err := io.ReadFull(r, make([]byte, 1))
	return errors.Is(err, io.EOF)
}

// readPacket returns the payload of one pkt-line, nil for a flush.
func readPacket(r io.Reader) ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err
	}
	n, err := strconv.ParseUint(string(length[:]), 16, 16)
	switch {
	case err != nil:
		return nil, err
	case n == 0:
		return nil, nil
	case n < 4:
		return nil, fmt.Errorf("pkt-line of length %d", n)
	}
	line := make([]byte, n-4)
	_, err = io.ReadFull(r, line)
	return line, err
}

// readCommand takes "old new ref" apart. Other lines (shallow, certificates) are none, or repeat it in this form.
func readCommand(line string) (command, bool) {
	parts := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 3)
	if len(parts) != 3 || !isObject(parts[0]) || !isObject(parts[1]) || parts[2] == "" {
		return command{}, false
	}
	// The ref is sent back in a line of its own.
	if strings.ContainsFunc(parts[2], func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return command{}, false
	}
	return command{parts[0], parts[1], parts[2]}, true
}

// isObject reports whether s is a SHA-1 or SHA-256 object name.
func isObject(s string) bool {
	return (len(s) == 40 || len(s) == 64) && strings.Trim(s, "0123456789abcdef") == ""
}

func (p *pushCommands) readCapabilities(list string) {
	if strings.Contains(list, "\x00") { // git reads no further, and would not see what is seen here
		p.unread = errors.New("the push has a line with two lists of capabilities, which are not read here")
		return
	}
	for c := range strings.FieldsSeq(list) {
		switch name, _, _ := strings.Cut(c, "="); name {
		case "push-options":
			// They stand behind the commands, and servers merge by them, or open a repository to everybody.
			p.unread = errors.New("the push has push options, which are not read here: push without -o")
		case "report-status", "report-status-v2":
			p.report = true
		case "side-band":
			p.sideBand = max(p.sideBand, 1000)
		case "side-band-64k":
			p.sideBand = 65520
		}
	}
}

// refusePush answers a push in git's words, so that `git push` prints the reason beside each ref. The
// whole body is read first: git reads no answer before it has sent everything, and takes a connection
// that ends early for a network fault, or for success.
func (x *exchange) refusePush(p *pushCommands, r *refusal) {
	if !x.drain() {
		panic(http.ErrAbortHandler) // longer than anybody should have to read
	}
	x.w.Header().Set(denialField, strconv.FormatInt(r.id, 10))
	connOf(x.r).setPhrase(http.StatusOK, r.phrase())
	x.writePushResult(p.result(r, x.server.nextSteps(r)))
}

func (x *exchange) writePushResult(body []byte) {
	h := x.w.Header()
	h.Set("Content-Type", "application/x-git-receive-pack-result")
	h.Set("Cache-Control", "no-cache")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	x.w.WriteHeader(http.StatusOK)
	_, _ = x.w.Write(body)
}

// result is the report of gitprotocol-pack, "Report Status": the pack arrived, every ref is refused. The steps are those
// that git prints of other denials, too.
func (p *pushCommands) result(r *refusal, steps []string) []byte {
	var report bytes.Buffer
	writePacket(&report, "unpack ok\n")
	for _, c := range p.commands {
		writePacket(&report, fmt.Sprintf("ng %s denied by exeat: %d\n", c.ref, r.id))
	}
	report.WriteString("0000")
	if p.sideBand == 0 {
		return report.Bytes()
	}
	const progress, data = 2, 1
	var out bytes.Buffer
	p.writeBand(&out, progress, []byte(strings.Join(append([]string{"exeat: " + oneLine(r.shown().Reason)}, steps...), "\n")+"\n"))
	p.writeBand(&out, data, report.Bytes())
	out.WriteString("0000")
	return out.Bytes()
}

// writeBand multiplexes one stream into packets the client can take.
func (p *pushCommands) writeBand(out *bytes.Buffer, band byte, payload []byte) {
	for len(payload) > 0 {
		n := min(len(payload), p.sideBand-5)
		writePacket(out, string(band)+string(payload[:n]))
		payload = payload[n:]
	}
}

func writePacket(out *bytes.Buffer, payload string) {
	fmt.Fprintf(out, "%04x%s", len(payload)+4, payload)
}
