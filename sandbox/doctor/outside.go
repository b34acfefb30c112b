package doctor

import (
	"bytes"
	"fmt"

	"exeat/sandbox/confine"
	"exeat/sandbox/settings"
)

// outside reads what a sandbox started now would read. Nothing is connected to.
func (h Host) outside() confine.Finding {
	f := confine.Finding{Name: "upstream proxy", State: confine.Present, Essential: true}
	s, err := settings.Read(h.Dirs.Config, h.Proxy)
	if err != nil {
		return stops(f, err)
	}
	switch {
	case s.Proxy == nil:
		f.Detail = fmt.Sprintf("none: connections leave directly (%s)", s.From)
	case s.Proxy.HasCredentials():
		f.Detail = fmt.Sprintf("%s, with a user and password (%s)", s.Proxy, s.From)
	default:
		f.Detail = fmt.Sprintf("%s (%s)", s.Proxy, s.From)
	}
	if s.CAFile != "" {
		f.Detail += fmt.Sprintf("; more roots from %s: %d", s.CAFile, bytes.Count(s.Roots, []byte("-----BEGIN")))
	}
	return f
}
