package redteam_test

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"exeat/cmd/demo/human"
	"exeat/cmd/demo/standin"
	"exeat/cmd/demo/world"
)

// hosts are the machine's neighbours. Those that no sandbox may reach are there
// as well: an attack that works must find somebody who answers.
var hosts = map[string]string{
	"a.example.com": "93.184.216.34", "e.example.net": "93.184.216.99", "git.example.com": "93.184.216.35",
	"metadata.example.net": "169.254.169.254", "inner.example.net": "10.0.0.5", "alibaba.example.net": "100.100.100.200",
}

// ownAddress is the machine's, at which its own services answer.
const ownAddress = "93.184.216.40"

// town is everything outside of the sandboxes: hosts that note who came, a
// resolver that notes what it was asked, and a user's own services.
type town struct {
	home, run string
	exported  []string // variables of the user's shell

	key        sync.Once
	passphrase string // of the user's approver, once there is one

	mu      sync.Mutex
	arrived []string // guarded by mu; "PROTOCOL ADDRESS WHAT"
}

func newTown(t *testing.T) *town {
	t.Helper()
	base := filepath.Join(world.Dir(), "town")
	tn := &town{home: filepath.Join(base, "home"), run: filepath.Join(base, "run")}
	for name, text := range decoys {
		file := filepath.Join(tn.home, name)
		must(t, os.MkdirAll(filepath.Dir(file), 0o755))
		must(t, os.WriteFile(file, []byte(text), 0o644)) // for everybody: nothing but the view hides it
	}
	must(t, os.MkdirAll(tn.run, 0o700))
	must(t, os.Chmod(tn.home, 0o755))
	tn.serve(t)
	tn.services(t)
	tn.exported = []string{
		"AWS_SECRET_ACCESS_KEY=" + secret, "LENT_TOKEN=" + secret, "GITHUB_TOKEN=" + secret, "SSH_AUTH_SOCK=" + filepath.Join(tn.run, "agent.sock"),
		"DBUS_SESSION_BUS_ADDRESS=unix:path=" + filepath.Join(tn.run, "bus"), "LD_PRELOAD_OF=" + secret,
	}
	return tn
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (tn *town) note(format string, args ...any) {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	tn.arrived = append(tn.arrived, fmt.Sprintf(format, args...))
}

// came lists what arrived and contains the words.
func (tn *town) came(words string) []string {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(tn.arrived), func(s string) bool { return !strings.Contains(s, words) })
}

// serve answers on every address: web, datagrams, and ports that are no web.
func (tn *town) serve(t *testing.T) {
	t.Helper()
	ca, err := standin.ReadCA(filepath.Join(world.Dir(), "etc/ca.pem"))
	must(t, err)
	var names []string
	for name := range hosts {
		names = append(names, name)
	}
	cert, err := ca.Leaf(append(names, "rebind.example.com", "mixed.example.com", "private.example.com", "own.example.com")...)
	must(t, err)
	tn.web(t, tls.NewListener(tn.listen(t, net.JoinHostPort(ownAddress, "443")), &tls.Config{Certificates: []tls.Certificate{cert}}))
	for name, address := range hosts {
		web := tn.listen(t, net.JoinHostPort(address, "443"))
		tn.web(t, tls.NewListener(web, &tls.Config{Certificates: []tls.Certificate{cert}}))
		tn.web(t, tn.listen(t, net.JoinHostPort(address, "80")))
		for _, port := range []string{"22", "25", "6379"} {
			tn.greet(name+":"+port, tn.listen(t, net.JoinHostPort(address, port)))
		}
		for _, port := range []string{"53", "443", "9999"} {
			tn.datagrams(t, net.JoinHostPort(address, port))
		}
	}
	for _, address := range []string{"127.0.0.1:18779", "[::1]:18779"} {
		tn.web(t, tn.listen(t, address))
	}
	tn.resolver(t)
}

func (tn *town) listen(t *testing.T, address string) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", address)
	must(t, err)
	t.Cleanup(func() { l.Close() })
	return l
}

// web serves pages that hold the secret where the sandbox must not come.
func (tn *town) web(t *testing.T, l net.Listener) {
	at := l.Addr().String()
	server := &http.Server{ReadHeaderTimeout: patience, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tn.note("http %s %s %s%s", at, r.Method, r.Host, r.URL.Path)
		w.Header().Set("Alt-Svc", `h3=":443"`)
		if strings.HasPrefix(at, hosts["a.example.com"]) || strings.HasPrefix(at, hosts["git.example.com"]) {
			fmt.Fprintln(w, "a public page")
			return
		}
		fmt.Fprintln(w, secret)
	})}
	t.Cleanup(func() { server.Close() })
	go func() { _ = server.Serve(l) }()
}

// greet notes who connects.
func (tn *town) greet(what string, l net.Listener) {
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			tn.note("tcp %s", what)
			fmt.Fprintln(c, secret)
			c.Close()
		}
	}()
}

func (tn *town) datagrams(t *testing.T, address string) {
	t.Helper()
	c, err := net.ListenPacket("udp", address)
	must(t, err)
	t.Cleanup(func() { c.Close() })
	go func() {
		buffer := make([]byte, 2048)
		for {
			n, _, err := c.ReadFrom(buffer)
			if err != nil {
				return
			}
			tn.note("udp %s %q", address, buffer[:n])
		}
	}()
}

// resolver answers as the machine's own: rebind.example.com is public at first
// and loopback ever after, mixed.example.com is both at once, and
// private.example.com is an address of the house, and own.example.com the machine's own.
func (tn *town) resolver(t *testing.T) {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:53")
	must(t, err)
	t.Cleanup(func() { c.Close() })
	go func() {
		buffer, asked := make([]byte, 2048), 0
		for {
			n, from, err := c.ReadFrom(buffer)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buffer[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			q := m.Questions[0]
			tn.note("dns %s", q.Name)
			m.Response = true
			if q.Type == dnsmessage.TypeA {
				m.Answers = tn.zone(q, &asked)
			}
			if reply, err := m.Pack(); err == nil {
				_, _ = c.WriteTo(reply, from)
			}
		}
	}()
}

func (tn *town) zone(q dnsmessage.Question, asked *int) (answers []dnsmessage.Resource) {
	public, loopback := [4]byte{93, 184, 216, 34}, [4]byte{127, 0, 0, 1}
	var as [][4]byte
	switch q.Name.String() {
	case "rebind.example.com.":
		as = [][4]byte{public}
		if *asked++; *asked > 1 {
			as[0] = loopback
		}
	case "mixed.example.com.":
		as = [][4]byte{public, loopback}
	case "private.example.com.":
		as = [][4]byte{{10, 0, 0, 5}}
	case "own.example.com.":
		as = [][4]byte{netip.MustParseAddr(ownAddress).As4()}
	}
	for _, a := range as {
		answers = append(answers, dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class}, Body: &dnsmessage.AResource{A: a}})
	}
	return answers
}

// approver returns the passphrase of the user's key, which is made when the first row needs it.
func (tn *town) approver(s *scene) string {
	s.t.Helper()
	tn.key.Do(func() {
		var err error
		tn.passphrase, err = human.NewKey(s.command(s.t.Context(), "approver", "init", "--name", "ada"), patience)
		must(s.t, err)
	})
	return tn.passphrase
}

// services are what a user's session listens on.
func (tn *town) services(t *testing.T) {
	t.Helper()
	for _, name := range []string{
		filepath.Join(tn.run, "bus"), filepath.Join(tn.run, "agent.sock"), filepath.Join(tn.home, ".docker.sock"), filepath.Join(world.Dir(), "tmp", "X0"), "@exeat-town",
	} {
		must(t, os.MkdirAll(filepath.Dir(name), 0o755))
		l, err := net.Listen("unix", name)
		must(t, err)
		t.Cleanup(func() { l.Close() })
		tn.greet("unix "+name, l)
	}
}

// eventually waits for what another process does in its own time.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
