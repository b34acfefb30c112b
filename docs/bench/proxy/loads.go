package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"sync"
	"time"
)

const megabytes = 64 // of one download or upload

// requests makes requests on connections that stay open.
func (c *client) requests() (outcome, error) {
	var conns []*conn
	for range c.Connections {
		k, err := c.open()
		if err != nil {
			return outcome{}, err
		}
		defer k.drop()
		if _, err := c.get(k, "/small"); err != nil {
			return outcome{}, err
		}
		conns = append(conns, k)
	}
	return c.repeat(func(worker int) error {
		_, err := c.get(conns[worker], "/small")
		return err
	})
}

// repeat runs one in as many goroutines as there are connections, over and over until the time is up.
func (c *client) repeat(one func(worker int) error) (outcome, error) {
	took, errs := make([][]time.Duration, c.Connections), make([]error, c.Connections)
	var all sync.WaitGroup
	used, began := processorTime(c.PIDs), time.Now()
	for worker := range c.Connections {
		all.Go(func() {
			for errs[worker] == nil && time.Since(began) < c.Window {
				start := time.Now()
				errs[worker] = one(worker)
				took[worker] = append(took[worker], time.Since(start))
			}
		})
	}
	all.Wait()
	got := outcome{Took: time.Since(began), Processor: processorTime(c.PIDs) - used}
	return got.summarised(took, errs)
}

func (o outcome) summarised(took [][]time.Duration, errs []error) (outcome, error) {
	var each []time.Duration
	for worker, err := range errs {
		if err != nil {
			return outcome{}, err
		}
		each = append(each, took[worker]...)
	}
	o.Count, o.Median = len(each), median(each)
	return o, nil
}

// connects opens a connection for each request.
func (c *client) connects() (outcome, error) {
	return c.repeat(func(int) error { return c.once() })
}

func (c *client) once() error {
	k, err := c.open()
	if err != nil {
		return err
	}
	defer k.drop()
	_, err = c.get(k, "/small")
	return err
}

// resumes is connects with the TLS sessions of connections before.
func (c *client) resumes() (outcome, error) {
	c.tls.ClientSessionCache = tls.NewLRUClientSessionCache(16)
	for range 3 {
		if err := c.once(); err != nil {
			return outcome{}, err
		}
	}
	return c.connects()
}

// download reads one large answer, after a small one that opens the upstream's connection.
func (c *client) download() (outcome, error) {
	return c.bulk(func(k *conn, megabytes int) (int64, error) { return c.get(k, fmt.Sprintf("/large/%d", megabytes)) })
}

func (c *client) upload() (outcome, error) { return c.bulk(c.post) }

func (c *client) bulk(move func(*conn, int) (int64, error)) (outcome, error) {
	k, err := c.open()
	if err != nil {
		return outcome{}, err
	}
	defer k.drop()
	if _, err := move(k, 4); err != nil {
		return outcome{}, err
	}
	used, began := processorTime(c.PIDs), time.Now()
	n, err := move(k, megabytes)
	return outcome{Count: 1, Bytes: n, Took: time.Since(began), Processor: processorTime(c.PIDs) - used}, err
}

func (c *client) post(k *conn, megabytes int) (int64, error) {
	n := int64(megabytes) << 20
	head := fmt.Sprintf("POST /upload HTTP/1.1\r\nHost: %s\r\nUser-Agent: bench\r\n%sContent-Length: %d\r\n\r\n", c.target(), c.Header, n)
	if _, err := io.WriteString(k, head); err != nil {
		return 0, err
	}
	piece := make([]byte, 256<<10)
	for range n / int64(len(piece)) {
		if _, err := k.Write(piece); err != nil {
			return 0, err
		}
	}
	_, err := k.answer()
	return n, err
}

// tunnels opens connections that do nothing after their first request, and weighs them.
func (c *client) tunnels() (outcome, error) {
	if err := c.once(); err != nil {
		return outcome{}, err
	}
	before := resident(c.PIDs)
	for range c.Connections {
		k, err := c.open()
		if err != nil {
			return outcome{}, err
		}
		defer k.drop()
		if _, err := c.get(k, "/small"); err != nil {
			return outcome{}, err
		}
	}
	return outcome{Count: c.Connections, Memory: resident(c.PIDs) - before}, nil
}
