package cmd_test

import (
	"crypto/tls"
	"net"
	"os"
	"regexp"
	"slices"

	"github.com/rogpeppe/go-internal/testscript"

	"exeat/cmd/demo/standin"
)

// corporateHost is the private address of the worlds' corporate proxies.
const corporateHost = "10.20.30.40"

// corporateName resolves to corporateHost.
const corporateName = "proxy.corp.example"

// corporate starts a corporate proxy with a login; sets $PROXY to its host and port. With a file it
// speaks TLS, and its authority is in the file.
func (s *stage) corporate(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && (len(args) == 1 || len(args) == 2), "corporate user:password [authority.pem]")
	l, err := net.Listen("tcp", corporateHost+":0")
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	_, port, err := net.SplitHostPort(l.Addr().String())
	ts.Check(err)
	ts.Setenv("PROXY", net.JoinHostPort(corporateName, port))
	if len(args) == 2 {
		ca, err := standin.NewCA()
		ts.Check(err)
		cert, err := ca.Leaf(corporateName)
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs(args[1]), ca.PEM(), 0o644))
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}})
	}
	proxy := &standin.Corporate{Login: args[0]}
	castOf(ts).proxy = proxy
	go proxy.Serve(l)
}

// tunnelled checks that the corporate proxy was asked for this, and for nothing that does not match it.
func (s *stage) tunnelled(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, len(args) == 1, "[!] tunnelled regexp")
	want, err := regexp.Compile(args[0])
	ts.Check(err)
	asked := castOf(ts).proxy.Asked()
	other := slices.ContainsFunc(asked, func(to string) bool { return !want.MatchString(to) })
	if neg == (len(asked) > 0) || other {
		ts.Fatalf("the corporate proxy was asked for %q", asked)
	}
}
