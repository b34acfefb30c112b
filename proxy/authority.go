package proxy

import (
	"fmt"
	"net/http"

	"exeat/policy"
)

// checkAuthority pins the request to the connection's destination: without it, an allowed connection
// carries requests to every other host behind the same front (domain fronting).
func (x *exchange) checkAuthority() *refusal {
	f := x.flow
	if f.sni != "" && f.sni != f.host {
		return refuse(http.StatusMisdirectedRequest, policy.CodeAuthority,
			fmt.Sprintf("the TLS handshake asked for %s, the connection goes to %s", f.sni, f.host))
	}
	if f.conn != nil && x.r.URL.Host != "" {
		if name, _ := f.scheme(); x.r.URL.Scheme != name || x.r.URL.User != nil {
			return refuse(http.StatusBadRequest, policy.CodeAuthority, "the request names a full URL of another kind inside its connection")
		}
	}
	for _, second := range x.r.Header["Host"] { // HTTP/2 leaves one beside :authority
		if second != x.r.Host {
			return refuse(http.StatusBadRequest, policy.CodeAuthority, "the request has a Host field beside its :authority, and they differ")
		}
	}
	if !f.isNamed(x.r.Host) {
		return refuse(http.StatusMisdirectedRequest, policy.CodeAuthority,
			fmt.Sprintf("the request is for %s, the connection goes to %s", oneLine(x.r.Host), f.authority(true)))
	}
	return nil
}

// isNamed tells whether an authority, in whatever spelling, is that of the flow. A connection's requests have mostly the
// same one.
func (f *flow) isNamed(authority string) bool {
	if known := f.named.Load(); known != nil && *known == authority {
		return true
	}
	_, port := f.scheme()
	host, port, err := splitAuthority(authority, port)
	if err != nil || host != f.host || port != f.port {
		return false
	}
	f.named.Store(&authority)
	return true
}

// dropNominated takes the fields out that Connection names before the request is judged by them, since they do not
// leave: an MCP server would take another version for the one that was looked at. Those of this hop are used first.
func (x *exchange) dropNominated() *refusal {
	dropNominated(x.r.Header, "Connection", "Upgrade", "Te")
	return nil
}
