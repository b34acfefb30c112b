package repo

import (
	"net/url"
	"strings"
)

// Origin is a remote's URL as a sandbox may know it: reachable over HTTPS, for
// there is no SSH out of a sandbox, and without user, password, or anything else
// that is a secret in practice. A URL that no sandbox can reach is "": a path of
// the host, a helper with a command in it (gitremote-helpers(7)).
func Origin(raw string) string {
	if host, path, ok := scpLike(raw); ok {
		return clean(&url.URL{Scheme: "https", Host: host, Path: "/" + strings.TrimPrefix(path, "/")})
	}
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || strings.Contains(u.Scheme, ":") {
		return ""
	}
	switch u.Scheme {
	case "https", "http":
		return clean(&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path})
	case "ssh", "git+ssh", "ssh+git", "git":
		return clean(&url.URL{Scheme: "https", Host: bracketed(u.Hostname()), Path: u.Path})
	}
	return ""
}

// scpLike reads [USER@]HOST:PATH (git-clone(1), "Git URLs").
func scpLike(raw string) (host, path string, ok bool) {
	before, path, found := strings.Cut(raw, ":")
	if !found || strings.HasPrefix(path, "//") || strings.HasPrefix(path, ":") || strings.Contains(before, "/") || strings.HasPrefix(before, "-") {
		return "", "", false
	}
	host = before[strings.LastIndexByte(before, '@')+1:]
	return host, path, host != "" && path != "" && !strings.HasPrefix(host, "[")
}

func bracketed(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

// clean refuses what would not be one line of a configuration file.
func clean(u *url.URL) string {
	text := u.String()
	if strings.ContainsAny(text, "\"\\\n\r\x00") {
		return ""
	}
	return text
}
