package rpc

import (
	"fmt"
	"mime"
	"slices"
	"strings"
)

// CheckType reports why a body of this Content-Type is not read as JSON-RPC. Some servers read it as what it
// says: in another charset the same bytes spell another key, and as a form they spell another call. With an
// asterisk (RFC 2231) a charset is one to servers in Python, while mime leaves it out without a word.
func CheckType(contentType string) error {
	media, parameters, err := mime.ParseMediaType(contentType)
	if err != nil || strings.Contains(contentType, "*") || !slices.Contains([]string{"application/json", "application/json-rpc", "application/jsonrequest"}, media) {
		return fmt.Errorf("a JSON-RPC body cannot have the Content-Type %.80q: send application/json", contentType)
	}
	for name, value := range parameters {
		if name != "charset" || !strings.EqualFold(value, "utf-8") {
			return fmt.Errorf("the Content-Type of a JSON-RPC body has %.80q: only charset=utf-8 is read", name+"="+value)
		}
	}
	return nil
}
