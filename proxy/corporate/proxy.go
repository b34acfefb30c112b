package corporate

import (
	"encoding/base64"
	"errors"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// Proxy is one proxy and what it is asked with. It prints without its credentials.
type Proxy struct {
	secure        bool // TLS to the proxy itself
	host          string
	port          int
	authorization string // value of Proxy-Authorization; empty where there are no credentials
}

// errURL does not repeat what was read, which may contain a password.
var errURL = errors.New("want http://host:port or https://host:port, with user:password@ before the host where the proxy asks for it")

// hostName is a name in ASCII or a literal address without a zone.
var hostName = regexp.MustCompile(`^[0-9A-Za-z._:-]+$`)

// Parse reads the URL of a proxy. A user and password are percent-encoded where they contain ":", "@", "/" or "%".
func Parse(raw string) (*Proxy, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Opaque != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return nil, errURL
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil || port == 0 || !hostName.MatchString(u.Hostname()) || u.Path != "" && u.Path != "/" {
		return nil, errURL
	}
	p := &Proxy{secure: u.Scheme == "https", host: u.Hostname(), port: int(port)}
	if u.User == nil {
		return p, nil
	}
	p.authorization, err = basic(u.User)
	return p, err
}

// basic is the credentials as RFC 7617 sends them.
func basic(u *url.Userinfo) (string, error) {
	password, _ := u.Password()
	pair := u.Username() + ":" + password
	if u.Username() == "" || strings.Contains(u.Username(), ":") || strings.ContainsFunc(pair, isControl) {
		return "", errors.New("the user is empty, or user or password contains what HTTP cannot carry (RFC 7617)")
	}
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(pair)), nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// String is the proxy's URL without credentials.
func (p *Proxy) String() string {
	if p.secure {
		return "https://" + p.address()
	}
	return "http://" + p.address()
}

// GoString is what %#v prints, where it would list the fields.
func (p *Proxy) GoString() string { return p.String() }

// HasCredentials says whether the proxy is asked with a user and password.
func (p *Proxy) HasCredentials() bool { return p.authorization != "" }

func (p *Proxy) address() string { return net.JoinHostPort(p.host, strconv.Itoa(p.port)) }
