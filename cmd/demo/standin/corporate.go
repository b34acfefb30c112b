package standin

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
)

// Corporate is a proxy as companies have it: it knows CONNECT only, and asks for a user and password.
type Corporate struct {
	// Login is "user:password".
	Login string

	mu    sync.Mutex
	asked []string // guarded by mu
}

// Serve answers on l until it is closed.
func (p *Corporate) Serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go p.serve(c)
	}
}

// Asked are the authorities that tunnels were opened to.
func (p *Corporate) Asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.asked)
}

func (p *Corporate) serve(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(c)
	r, err := http.ReadRequest(in)
	if err != nil {
		return
	}
	if status := p.judge(r); status != 0 {
		fmt.Fprintf(c, "HTTP/1.1 %d %s\r\nContent-Length: 0\r\n\r\n", status, http.StatusText(status))
		return
	}
	up, err := net.Dial("tcp", r.RequestURI)
	if err != nil {
		fmt.Fprint(c, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
		return
	}
	defer up.Close()
	fmt.Fprint(c, "HTTP/1.1 200 Connection established\r\n\r\n")
	var both sync.WaitGroup
	both.Go(func() { carry(up, in) })
	both.Go(func() { carry(c, up) })
	both.Wait()
}

func (p *Corporate) judge(r *http.Request) (status int) {
	switch {
	case r.Method != http.MethodConnect:
		return http.StatusMethodNotAllowed
	case r.Header.Get("Proxy-Authorization") != "Basic "+base64.StdEncoding.EncodeToString([]byte(p.Login)):
		return http.StatusProxyAuthRequired
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, r.RequestURI)
	return 0
}

// carry copies one direction and ends it.
func carry(to net.Conn, from io.Reader) {
	_, _ = io.Copy(to, from)
	_ = to.(interface{ CloseWrite() error }).CloseWrite()
}
