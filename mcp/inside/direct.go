package inside

import (
	"net"
	"net/http"
	"strings"
)

// name is the host at which a sandbox finds its endpoint.
const name = "exeat.local"

// direct passes on only what a program asks for itself. A page that a browser
// in the sandbox shows must not read the sandbox's denials and policy for
// whoever wrote it: its requests carry the page's Origin ("null" included), or
// its own name as Host once that name has been made to lead here.
func direct(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if origin, sent := r.Header["Origin"]; !isHere(r.Host) || sent && (len(origin) != 1 || origin[0] != "http://"+name) {
			http.Error(w, "this endpoint answers programs, not pages: use http://"+name+"/mcp without an Origin", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isHere says whether a Host field names the endpoint.
func isHere(field string) bool {
	if host, port, err := net.SplitHostPort(field); err == nil && port == "80" {
		field = host
	}
	return strings.EqualFold(field, name)
}
