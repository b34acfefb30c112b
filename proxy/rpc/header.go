package rpc

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"

	"exeat/policy/alike"
)

// The headers that repeat something of the body.
const (
	headerRevision = "Mcp-Protocol-Version"
	headerMethod   = "Mcp-Method"
	headerName     = "Mcp-Name"
)

// revision is what the header says, or "" without one. Revisions before 2025-06-18 do not have the
// header, and servers take a request without it for 2025-03-26: where the policy allows neither, its
// list would be evaded by leaving the header out. A session begins without it in every revision.
func (o Options) revision(h http.Header, calls []Call) (string, error) {
	value, sent, err := field(h, headerRevision)
	switch {
	case err != nil:
		return "", err
	case sent && !o.allows(value):
		return "", o.refuseRevision("the header "+headerRevision, value)
	case !sent && calls[0].Method != "initialize" && !o.allows(revisionMar) && !o.allows(revision2024):
		return "", fmt.Errorf("the header %s is missing, which means %s, and the policy allows %s",
			headerRevision, revisionMar, o.allowed())
	}
	return value, nil
}

// checkRevision holds the revision that a body names to the policy, and to the header: of a request that
// names two, each server takes the one it prefers.
func (o Options) checkRevision(header string, c Call) error {
	const begin, each = "params.protocolVersion", "params._meta.io.modelcontextprotocol/protocolVersion"
	value, named := c.Param(each)
	switch offer, ok := c.Param(begin); {
	case c.Unclear(each):
		return fmt.Errorf("%s is not a plain string", each)
	case named && value != header:
		return fmt.Errorf("the header %s is %.80q and %s is %.80q: they must be equal", headerRevision, header, each, value)
	case c.Method != "initialize":
	case c.Unclear(begin) || !ok:
		return fmt.Errorf("initialize needs %s, a string", begin)
	case !o.allows(offer):
		return o.refuseRevision("initialize", offer)
	}
	return nil
}

func (o Options) refuseRevision(where, value string) error {
	return fmt.Errorf("%s names revision %.80q of MCP, and the policy allows %s", where, value, o.allowed())
}

// checkNames holds Mcp-Method and Mcp-Name to the body (2026-07-28, Server Validation). Before that
// revision servers ignore them, but a gateway in front need not.
func checkNames(h http.Header, c Call) error {
	method, sent, err := field(h, headerMethod)
	if err != nil {
		return err
	}
	if sent && method != c.Method {
		return fmt.Errorf("the header %s is %.80q and the body's method is %.80q: they must be equal", headerMethod, method, c.Method)
	}
	name, sent, err := field(h, headerName)
	if err != nil || !sent {
		return err
	}
	return checkName(name, c)
}

func checkName(header string, c Call) error {
	path := named(c.Method)
	if path == "" {
		return fmt.Errorf("the header %s is sent, and %.80q has nothing that it names: leave it out", headerName, c.Method)
	}
	name, err := plain(header)
	if err != nil {
		return err
	}
	if value, ok := c.Param(path); !ok || value != name {
		return fmt.Errorf("the header %s is %.80q and the body's %s is %.80q: they must be equal", headerName, name, path, value)
	}
	return nil
}

// plain undoes the encoding of names that a header cannot carry (2026-07-28, Value Encoding).
func plain(value string) (string, error) {
	inner, ok := strings.CutPrefix(value, "=?base64?")
	if !ok || !strings.HasSuffix(inner, "?=") {
		return value, nil
	}
	text, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSuffix(inner, "?="))
	if err != nil {
		return "", fmt.Errorf("the header %s is not Base64 between =?base64? and ?=", headerName)
	}
	return string(text), nil
}

// field is a header that may be sent once. Of two, some readers take the first and some the last; and
// behind CGI "Mcp_Method" cannot be told from "Mcp-Method".
func field(h http.Header, name string) (value string, sent bool, err error) {
	for key, values := range h {
		if alike.Field(key) != alike.Field(name) {
			continue
		}
		if strings.Contains(key, "_") {
			return "", false, fmt.Errorf("the header %s is spelled with an underscore: write %s", key, name)
		}
		if sent && len(values) > 0 || len(values) > 1 {
			return "", false, fmt.Errorf("the header %s is sent more than once", name)
		}
		if len(values) == 1 {
			value, sent = values[0], true
		}
	}
	return value, sent, nil
}
