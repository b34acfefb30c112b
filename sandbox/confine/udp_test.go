package confine_test

import (
	"net"
	"time"
)

// sendOne sends a datagram and waits for what comes of it; it returns the
// milliseconds that took.
func sendOne(network, address string) (int64, error) {
	start := time.Now()
	c, err := net.Dial(network, address)
	if err != nil {
		return time.Since(start).Milliseconds(), err
	}
	defer c.Close()
	c.SetDeadline(start.Add(5 * time.Second))
	if _, err := c.Write([]byte("x")); err != nil {
		return time.Since(start).Milliseconds(), err
	}
	_, err = c.Read(make([]byte, 1))
	return time.Since(start).Milliseconds(), err
}
