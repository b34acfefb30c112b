package ca

import (
	"container/list"
	"crypto/tls"
	"sync"
	"time"
)

// Limits against a sandbox that asks for ever new names.
const (
	maxLeaves      = 1024
	mintsPerSecond = 50
)

// leaf is one name's configuration; once makes it, outside the cache's lock.
type leaf struct {
	host  string
	renew time.Time // when to mint a new one

	once   sync.Once
	config *tls.Config // written by once
	err    error       // written by once
}

// cache keeps the most recently used leaves. The zero value is not usable.
type cache struct {
	max    int
	byHost map[string]*list.Element
	order  *list.List // of *leaf, most recently used first
}

func newCache(size int) cache {
	return cache{max: size, byHost: map[string]*list.Element{}, order: list.New()}
}

func (c *cache) get(host string) *leaf {
	e, ok := c.byHost[host]
	if !ok {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*leaf)
}

func (c *cache) put(l *leaf) {
	if e, ok := c.byHost[l.host]; ok {
		c.order.Remove(e)
	}
	c.byHost[l.host] = c.order.PushFront(l)
	if c.order.Len() > c.max {
		oldest := c.order.Remove(c.order.Back()).(*leaf)
		delete(c.byHost, oldest.host)
	}
}

// bucket allows a number of events per second, and as many at once.
type bucket struct {
	perSecond float64
	tokens    float64
	last      time.Time
}

func newBucket(perSecond int) bucket {
	return bucket{perSecond: float64(perSecond), tokens: float64(perSecond)}
}

func (b *bucket) take(now time.Time) bool {
	if !b.last.IsZero() {
		b.tokens = min(b.perSecond, b.tokens+now.Sub(b.last).Seconds()*b.perSecond)
	}
	b.last = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
