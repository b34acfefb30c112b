// Package corporate reaches checked addresses through the HTTP proxy that a network puts before the outside.
//
// Such a proxy is asked for tunnels only (CONNECT, RFC 9110 9.3.6), and by address, never by name: it
// would resolve a name again, and could be led to hosts of its own network that the check has refused.
// What passes through is TLS that is verified at the other end of the tunnel, so that the proxy sees
// addresses and amounts, as any router does.
package corporate
