package store

import (
	"strings"
	"time"
)

// Limits on how often the same denial is written down.
const (
	repeatLimit  = 20          // identical denials in repeatWindow that get a record each
	repeatRecord = time.Minute // how long one record goes on counting
	repeatWindow = time.Second
	repeatKeys   = 1024             // different denials kept in mind
	repeatForget = time.Second / 10 // between two looks at all of them, each of which holds up a denial
)

// repeats finds denials that come over and over. An agent in a loop would
// otherwise own the disk, and drown what its human should read. The zero value
// is ready.
type repeats struct {
	known  map[repeatKey]*repeat
	forgot time.Time // when it last looked for what can be forgotten
}

// repeatKey is all that makes two denials the same. The process id is not part of
// it: a shell loop has a new one each time.
type repeatKey struct {
	exe, ancestors, tainted, host, layer, protocol, method, target, policy, code, reason string
	port, revision                                                                       int
}

type repeat struct {
	began  time.Time // of the current window
	n      int       // in the current window
	record int64     // the record that counts; 0 when there is none
	opened time.Time // when that record was begun
}

// id returns the record that counts this denial, which is next if it needs one of its own.
func (r *repeats) id(d *Decision, now time.Time, next int64) int64 {
	if !countable(d) {
		return next
	}
	seen := r.find(keyOf(d), now)
	if seen == nil {
		return next
	}
	if past := now.Sub(seen.began); past >= repeatWindow {
		if seen.n <= repeatLimit || past >= 2*repeatWindow { // it has calmed down
			seen.record = 0
		}
		seen.began, seen.n = now, 0
	}
	seen.n++
	switch {
	case seen.record != 0 && now.Sub(seen.opened) < repeatRecord:
		return seen.record
	case seen.record != 0 || seen.n > repeatLimit:
		seen.record, seen.opened = next, now
	}
	return next
}

// find returns nil when there is no room to remember another denial; it is then
// written like any other.
func (r *repeats) find(key repeatKey, now time.Time) *repeat {
	if seen := r.known[key]; seen != nil {
		return seen
	}
	if len(r.known) >= repeatKeys && now.Sub(r.forgot) >= repeatForget {
		r.forget(now)
	}
	if len(r.known) >= repeatKeys {
		return nil
	}
	if r.known == nil {
		r.known = map[repeatKey]*repeat{}
	}
	seen := &repeat{began: now}
	r.known[key.clone()] = seen
	return seen
}

func (r *repeats) forget(now time.Time) {
	r.forgot = now
	for key, seen := range r.known {
		if now.Sub(seen.began) >= 2*repeatWindow {
			delete(r.known, key)
		}
	}
}

// countable leaves out what may have carried something: each request with a
// body, a credential or a method that writes is evidence of its own.
func countable(d *Decision) bool {
	if d.Verdict != VerdictDeny || d.Credential != "" || d.BytesIn != 0 || d.BytesOut != 0 {
		return false
	}
	if d.Layer == LayerFile {
		return true // refused, so nothing was carried
	}
	switch d.Method {
	case "", "GET", "HEAD", "OPTIONS", "CONNECT":
		return true
	}
	return false
}

func keyOf(d *Decision) repeatKey {
	return repeatKey{
		exe: d.Exe, ancestors: strings.Join(d.Ancestors, "\n"), tainted: d.Tainted, host: d.Host, layer: d.Layer, protocol: d.Protocol,
		method: d.Method, target: d.Target, policy: d.Policy, code: d.Code, reason: d.Reason,
		port: d.Port, revision: d.Revision,
	}
}

// clone lets go of what the texts are parts of: a path is one of a request's head, query and all.
func (k repeatKey) clone() repeatKey {
	for _, s := range []*string{
		&k.exe, &k.ancestors, &k.tainted, &k.host, &k.layer, &k.protocol, &k.method, &k.target, &k.policy, &k.code, &k.reason,
	} {
		*s = strings.Clone(*s)
	}
	return k
}
