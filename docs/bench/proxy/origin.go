package main

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"

	"exeat/proxy/ca"
)

const smallAnswer = 1 << 10 // bytes

// runOrigin is the server everything is asked of: TLS with HTTP/1.1 and HTTP/2, for any name. Its
// argument is the file that gets the certificate to trust.
func runOrigin(args []string) error {
	authority, err := ca.New("bench origin")
	if err != nil {
		return err
	}
	if err := os.WriteFile(args[0], authority.PEM(), 0o644); err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: originHandler(), ErrorLog: log.New(io.Discard, "", 0),
		TLSConfig: &tls.Config{
			NextProtos:         []string{"h2", "http/1.1"},
			GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) { return publicConfig(authority, hello) },
		},
	}
	go func() { _ = server.ServeTLS(l, "", "") }()
	return announce(hello{Address: l.Addr().String(), Roots: args[0]})
}

// publicConfig is that of a server on the Internet: with HTTP/2, and with crypto/tls's own choice of
// key exchanges.
func publicConfig(authority *ca.Authority, hello *tls.ClientHelloInfo) (*tls.Config, error) {
	leaf, err := authority.Config(hello.ServerName)
	if err != nil {
		return nil, err
	}
	config := leaf.Clone()
	config.NextProtos, config.CurvePreferences = []string{"h2", "http/1.1"}, nil
	return config, nil
}

func originHandler() http.Handler {
	small, large := make([]byte, smallAnswer), make([]byte, 1<<20)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /small", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(len(small)))
		_, _ = w.Write(small)
	})
	mux.HandleFunc("GET /large/{megabytes}", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.PathValue("megabytes"))
		w.Header().Set("Content-Length", strconv.Itoa(n<<20))
		for range n {
			if _, err := w.Write(large); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("POST /upload", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Length", "0")
	})
	return mux
}
