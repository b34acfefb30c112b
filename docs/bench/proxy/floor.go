package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"strconv"

	"exeat/proxy/ca"
)

// floorBuffer is enough for a head and a small body, which leave in one write.
const floorBuffer = 32 << 10 // bytes

// floor is the least a proxy that reads requests can do: it decrypts, finds where each message ends, and
// encrypts it for a connection of its own to the origin. It judges nothing and keeps nothing.
type floor struct {
	authority *ca.Authority
	origin    string // address
	upstream  *tls.Config
}

// runFloor serves as one. Its arguments are the directory for its certificate, the origin's address and
// the origin's certificate.
func runFloor(args []string) error {
	authority, file, err := newAuthority("bench floor", args[0])
	if err != nil {
		return err
	}
	roots, err := readRoots(args[2])
	if err != nil {
		return err
	}
	f := &floor{authority: authority, origin: args[1], upstream: floorConfig(roots)}
	return serveTunnels(f.serve, hello{Roots: file})
}

func floorConfig(roots *x509.CertPool) *tls.Config {
	return &tls.Config{RootCAs: roots, ClientSessionCache: tls.NewLRUClientSessionCache(0), NextProtos: []string{"http/1.1"}}
}

func (f *floor) serve(raw net.Conn) {
	defer raw.Close()
	asked, err := http.ReadRequest(bufio.NewReader(raw)) // its client says nothing more before it is answered
	if err != nil {
		return
	}
	inner, outer, err := f.ends(asked.URL.Hostname())
	if err != nil {
		return
	}
	dialled, err := net.Dial("tcp", f.origin)
	if err != nil {
		return
	}
	defer dialled.Close()
	if _, err := io.WriteString(raw, "HTTP/1.1 200 OK\r\n\r\n"); err == nil {
		alternate(tls.Server(raw, inner), tls.Client(dialled, outer))
	}
}

// ends are the configurations of TLS towards the client and towards the origin.
func (f *floor) ends(name string) (inner, outer *tls.Config, err error) {
	if inner, err = f.authority.Config(name); err != nil {
		return nil, nil, err
	}
	inner, outer = inner.Clone(), f.upstream.Clone()
	inner.NextProtos, outer.ServerName = []string{"http/1.1"}, name
	return inner, outer, nil
}

// alternate passes a request on, then its answer, until one side ends.
func alternate(client, origin net.Conn) {
	requests, answers := bufio.NewReaderSize(client, floorBuffer), bufio.NewReaderSize(origin, floorBuffer)
	buffer := make([]byte, floorBuffer)
	for {
		if passMessage(origin, requests, buffer) != nil || passMessage(client, answers, buffer) != nil {
			return
		}
	}
}

// passMessage passes on one message of HTTP/1.1 whose body, if it has one, has a Content-Length.
func passMessage(dst io.Writer, src *bufio.Reader, buffer []byte) error {
	head, length, err := readHead(src, buffer[:0])
	if err != nil {
		return err
	}
	begun := head[len(head):cap(head)]
	begun = begun[:min(len(begun), length)]
	if _, err := io.ReadFull(src, begun); err != nil {
		return err
	}
	if _, err := dst.Write(head[:len(head)+len(begun)]); err != nil {
		return err
	}
	rest := io.LimitReader(src, int64(length-len(begun)))
	_, err = io.CopyBuffer(struct{ io.Writer }{dst}, rest, buffer)
	return err
}

// readHead appends a message's head to into, and says how long its body is.
func readHead(src *bufio.Reader, into []byte) (head []byte, length int, err error) {
	for {
		line, err := src.ReadSlice('\n')
		if err != nil {
			return nil, 0, err
		}
		into = append(into, line...)
		if len(line) <= len("\r\n") {
			return into, length, nil
		}
		if name, value, ok := bytes.Cut(line, []byte(":")); ok && bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return nil, 0, err
			}
		}
	}
}
