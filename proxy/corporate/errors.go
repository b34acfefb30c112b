package corporate

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
)

// Error says that a connection ended at the proxy. The sandbox reads its words: they name neither the
// proxy's address, nor its certificate, nor the credentials it was asked with, nor what it said itself.
type Error struct {
	Status int   // of the proxy's answer; 0: there was none
	Err    error // why there was none
}

func (e *Error) Error() string {
	switch {
	case e.Status == 0:
		return "the corporate proxy on the way could not be used: " + cause(e.Err)
	case e.Status == http.StatusProxyAuthRequired:
		return "the corporate proxy on the way answered 407 Proxy Authentication Required: " +
			"the host's config.yaml has no user and password for it, or wrong ones"
	}
	return fmt.Sprintf("the corporate proxy on the way answered %d %s", e.Status, http.StatusText(e.Status))
}

func (e *Error) Unwrap() error { return e.Err }

// Final says that the proxy would answer the same for another address. Asking on with a wrong
// password is how accounts are locked.
func (e *Error) Final() bool { return e.Status == http.StatusProxyAuthRequired }

func cause(err error) string {
	var dns *net.DNSError
	var op *net.OpError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &dns):
		return "its name cannot be resolved"
	case errors.As(err, &certificate):
		return "its certificate is not trusted on the host"
	case errors.As(err, &record):
		return "it does not speak TLS"
	case errors.As(err, &op):
		return op.Err.Error()
	}
	return err.Error()
}
