package proxy

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"exeat/policy"
)

// readTarget makes the one form of the request's path and query that is judged and then sent.
func (x *exchange) readTarget() *refusal {
	raw, query, _ := strings.Cut(originForm(x.r), "?")
	path, decoded, err := canonicalPath(raw)
	if err != nil {
		return refuse(http.StatusBadRequest, policy.CodeMalformed, err.Error())
	}
	scheme, _ := x.flow.scheme()
	x.target = &url.URL{
		Scheme: scheme, Host: x.flow.authority(false),
		Path: decoded, RawPath: path, RawQuery: query, // a lone "?" says nothing and is not sent
	}
	if sent, _, _ := strings.Cut(x.target.RequestURI(), "?"); sent != path {
		// What would be written differs from what is judged. No such path is known; none may pass.
		return refuse(http.StatusBadRequest, policy.CodeMalformed, "the path has no unambiguous form")
	}
	x.request = policy.Request{Method: x.r.Method, Path: path, Query: query, Upgrade: asksForSocket(x.r)}
	return nil
}

// canonicalPath is a path as it is judged and sent, and what that decodes to. An encoded slash is let through here: the policy
// refuses it where no endpoint allows it, and can name the line that is missing (npm asks for /@scope%2fname).
func canonicalPath(raw string) (path, decoded string, err error) {
	if path, err = policy.CanonicalPath(raw, true); err != nil {
		return "", "", err
	}
	if decoded, err = url.PathUnescape(path); err != nil {
		return "", "", errors.New("the path cannot be decoded")
	}
	if overlong(decoded) {
		return "", "", errors.New("the path spells a character in more bytes than UTF-8 has for it")
	}
	return path, decoded, nil
}

// originForm is the request target without scheme and authority, byte for byte as it came: net/url
// would decode and encode it again.
func originForm(r *http.Request) string {
	if strings.HasPrefix(r.RequestURI, "/") {
		return r.RequestURI
	}
	_, rest, ok := strings.Cut(r.RequestURI, "://")
	if !ok {
		return r.RequestURI // "*", or nonsense; both are refused
	}
	i := strings.IndexAny(rest, "/?")
	if i < 0 {
		return "/"
	}
	if i == 0 {
		return r.RequestURI // an http URL has a host (RFC 9110 4.2.1)
	}
	if rest[i] == '?' {
		return "/" + rest[i:]
	}
	return rest[i:]
}

// overlong finds encodings longer than the character needs (RFC 3629 3): decoders that accept them read
// a "." or "/" where the policy saw none. Other bytes that are no UTF-8 are somebody's Latin-1.
func overlong(s string) bool {
	for i := 0; i+1 < len(s); i++ {
		lead, next := s[i], s[i+1]
		if next&0xc0 == 0x80 && (lead&0xfe == 0xc0 || lead == 0xe0 && next < 0xa0 || lead == 0xf0 && next < 0x90) {
			return true
		}
	}
	return false
}

// outgoing is the request as it is sent. It shares the header with the one that came: nobody reads that again.
func (x *exchange) outgoing(ctx context.Context) *http.Request {
	out := x.r.WithContext(ctx)
	out.URL = x.target
	out.Host = x.flow.authority(true)
	out.Trailer = nil // it comes when everything is decided: a credential or a method in it would be nobody's to judge
	out.Close = false // the client's wish is about its own connection
	out.RequestURI = ""
	if out.ContentLength == 0 { // HTTP/2 has a body even then, which would be announced to the origin as one of unknown length
		out.Body = http.NoBody
	}
	return out
}
