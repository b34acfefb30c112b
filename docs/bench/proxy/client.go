package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"
)

// load is what one client process does.
type load struct {
	Kind        string        // a key of loads
	Proxy       string        // address; "" asks the origin directly
	Greeting    string        // header lines of the CONNECT
	Origin      string        // address
	Host        string        // the name that is asked for, without port
	Roots       string        // file
	Header      string        // header lines of each request
	Connections int           // at once
	Window      time.Duration // for how long
	PIDs        []int         // whose processor time and memory count
}

// outcome is what came of it.
type outcome struct {
	Count     int           // of requests or connections
	Took      time.Duration // all of them
	Median    time.Duration // one of them
	Bytes     int64
	Processor time.Duration // used by the processes
	Memory    int64         // bytes more that the processes hold
	Skipped   string        // why nothing was measured
}

// loads are the kinds of load there are.
func loads() map[string]func(*client) (outcome, error) {
	return map[string]func(*client) (outcome, error){
		"requests": (*client).requests,
		"connects": (*client).connects,
		"resumes":  (*client).resumes,
		"download": (*client).download,
		"upload":   (*client).upload,
		"streams":  (*client).streams,
		"tunnels":  (*client).tunnels,
	}
}

// runClient carries out the load in its argument and prints the outcome.
func runClient(args []string) error {
	c := &client{}
	if err := json.Unmarshal([]byte(args[0]), &c.load); err != nil {
		return err
	}
	roots, err := readRoots(c.Roots)
	if err != nil {
		return err
	}
	c.tls = &tls.Config{RootCAs: roots, ServerName: c.Host, NextProtos: []string{"http/1.1"}}
	got, err := loads()[c.Kind](c)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(got)
}

// client makes the requests of one load.
type client struct {
	load
	tls *tls.Config
}

// target is host:port with the origin's port.
func (c *client) target() string {
	_, port, _ := net.SplitHostPort(c.Origin)
	return net.JoinHostPort(c.Host, port)
}

// conn is a connection to the origin, through TLS.
type conn struct {
	*tls.Conn
	tcp    *net.TCPConn
	reader *bufio.Reader
}

// open connects, through the proxy if there is one.
func (c *client) open() (*conn, error) {
	address := c.Proxy
	if address == "" {
		address = c.Origin
	}
	raw, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	if c.Proxy != "" {
		if err := c.tunnel(raw); err != nil {
			raw.Close()
			return nil, err
		}
	}
	outer := tls.Client(raw, c.tls)
	return &conn{outer, raw.(*net.TCPConn), bufio.NewReaderSize(outer, 64<<10)}, nil
}

// tunnel asks the proxy for a way to the origin. It reads no byte beyond the answer's end.
func (c *client) tunnel(raw net.Conn) error {
	if _, err := fmt.Fprintf(raw, "CONNECT %s HTTP/1.1\r\nHost: %[1]s\r\n%s\r\n", c.target(), c.Greeting); err != nil {
		return err
	}
	var answer []byte
	one := make([]byte, 512) // the proxy has nothing to say after it until the client speaks
	for !bytes.HasSuffix(answer, []byte("\r\n\r\n")) {
		n, err := raw.Read(one)
		if err != nil {
			return fmt.Errorf("CONNECT: %w", err)
		}
		answer = append(answer, one[:n]...)
	}
	if !bytes.Contains(answer[:min(len(answer), 16)], []byte(" 200")) {
		return fmt.Errorf("CONNECT: %.200q", answer)
	}
	return nil
}

// drop closes with a reset: thousands of connections in TIME_WAIT would use up the ports.
func (k *conn) drop() {
	_ = k.tcp.SetLinger(0)
	k.tcp.Close()
}

// get asks for a path and reads the answer.
func (c *client) get(k *conn, path string) (int64, error) {
	_, err := io.WriteString(k, "GET "+path+" HTTP/1.1\r\nHost: "+c.target()+"\r\nUser-Agent: bench\r\n"+c.Header+"\r\n")
	if err != nil {
		return 0, err
	}
	return k.answer()
}

// answer reads an answer and throws its body away. It is less than net/http does, so that the client
// takes little of the processors that it shares with what is measured.
func (k *conn) answer() (int64, error) {
	status, err := k.reader.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if !bytes.HasPrefix(status, []byte("HTTP/1.1 200")) {
		return 0, fmt.Errorf("the answer is %q", status)
	}
	length := int64(-1)
	for {
		line, err := k.reader.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		name, value, more := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(":"))
		if !more {
			break
		}
		if bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.ParseInt(string(bytes.TrimSpace(value)), 10, 64); err != nil {
				return 0, err
			}
		}
	}
	if length < 0 {
		return 0, errors.New("the answer has no Content-Length")
	}
	return io.CopyN(io.Discard, k.reader, length)
}
