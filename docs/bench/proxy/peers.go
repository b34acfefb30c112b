package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
)

// freeAddress is one on loopback that nobody listens at. Somebody else may take it before its user
// does; then that fails to start.
func freeAddress() (address, port string, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", "", err
	}
	defer l.Close()
	_, port, err = net.SplitHostPort(l.Addr().String())
	return l.Addr().String(), port, err
}

// startSquid starts Debian's squid-openssl, which terminates every tunnel and logs nothing.
func startSquid(ctx context.Context, at *place) (*process, error) {
	address, _, err := freeAddress()
	if err != nil {
		return nil, err
	}
	authority, err := writeAuthority(at.dir)
	if err != nil {
		return nil, err
	}
	certgen := "/usr/lib/squid/security_file_certgen"
	made := filepath.Join(at.dir, "made")
	if out, err := exec.CommandContext(ctx, certgen, "-c", "-s", made, "-M", "4MB").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%s: %w: %s", certgen, err, out)
	}
	file := filepath.Join(at.dir, "squid.conf")
	text := fmt.Sprintf(squidConfig, address, authority, certgen, made, at.origin.Roots, at.dir)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return nil, err
	}
	if err := giveTo("proxy", at.dir); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "/usr/sbin/squid", "-N", "-f", file) // -N: one process, which can be ended by its id
	return startSilent(cmd, hello{Address: address, Roots: authority})
}

const squidConfig = `http_port %s ssl-bump tls-cert=%s generate-host-certificates=on dynamic_cert_mem_cache_size=4MB
sslcrtd_program %s -s %s -M 4MB
sslcrtd_children 2 startup=1 idle=1
tls_outgoing_options cafile=%s
ssl_bump bump all
http_access allow all
cache deny all
cache_mem 8 MB
access_log none
cache_log %[6]s/cache.log
coredump_dir %[6]s
pid_filename %[6]s/squid.pid
netdb_filename none
pinger_enable off
shutdown_lifetime 0 seconds
max_filedescriptors 8192
`

// startMitmproxy starts mitmdump without a script; it makes its own authority.
func startMitmproxy(ctx context.Context, at *place) (*process, error) {
	address, port, err := freeAddress()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "mitmdump", "--quiet", "--listen-host", "127.0.0.1", "--listen-port", port,
		"--set", "confdir="+at.dir, "--set", "ssl_verify_upstream_trusted_ca="+at.origin.Roots, "--set", "stream_large_bodies=1m",
		"--set", "flow_detail=0")
	return startSilent(cmd, hello{Address: address, Roots: filepath.Join(at.dir, "mitmproxy-ca-cert.pem")})
}

// startTinyproxy starts tinyproxy, which passes tunnels on.
func startTinyproxy(ctx context.Context, at *place) (*process, error) {
	address, port, err := freeAddress()
	if err != nil {
		return nil, err
	}
	file := filepath.Join(at.dir, "tinyproxy.conf")
	text := fmt.Sprintf("Port %s\nListen 127.0.0.1\nTimeout 60\nMaxClients 1200\nLogLevel Critical\nLogFile \"%s/log\"\n", port, at.dir)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return nil, err
	}
	return startSilent(exec.CommandContext(ctx, "tinyproxy", "-d", "-c", file), hello{Address: address})
}

// startSrt starts the proxy of sandbox-runtime alone, terminating TLS and asking a filter that allows
// everything, which is the nearest it has to a policy of requests.
func startSrt(ctx context.Context, at *place) (*process, error) {
	root, err := exec.CommandContext(ctx, "npm", "root", "-g").Output()
	if err != nil {
		return nil, err
	}
	file := filepath.Join(at.dir, "srt.mjs")
	if err := os.WriteFile(file, []byte(srtProgram), 0o644); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "node", file, string(root))
	// Without the rest of our environment: a proxy named there would become its upstream.
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + at.dir, "NODE_EXTRA_CA_CERTS=" + at.origin.Roots}
	return startTalking(cmd)
}

const srtProgram = `const { SandboxManager: m } = await import(process.argv[2].trim() + "/@anthropic-ai/sandbox-runtime/dist/index.js");
await m.initialize({
  network: { allowedDomains: ["localhost"], deniedDomains: [], tlsTerminate: {}, filterRequest: async () => ({ action: "allow" }) },
  filesystem: { denyRead: [], allowWrite: [], denyWrite: [] },
});
await m.waitForNetworkInitialization();
const token = m.getProxyAuthToken();
const greeting = token ? "Proxy-Authorization: Basic " + Buffer.from("srt:" + token).toString("base64") + "\r\n" : "";
console.log(JSON.stringify({ Address: "127.0.0.1:" + m.getProxyPort(), Roots: m.getMitmCA().certPath, Greeting: greeting }));
process.stdin.resume();
process.stdin.on("end", async () => { await m.reset(); process.exit(0); });
`
