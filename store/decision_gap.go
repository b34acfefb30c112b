package store

import (
	"fmt"
	"time"
)

// CodeUnrecorded is that of a request which was refused because its decision could
// not be recorded, and of the one record that stands for all such in a time.
const CodeUnrecorded = "audit_unavailable"

// LayerRecord is that of a gap in the record: there is neither host nor method.
const LayerRecord = "record"

// gap counts the requests that were refused because they could not be recorded. It
// becomes one record, which is written when the disk takes one again and brought up
// to date once a second while refusals go on. The zero value is ready.
type gap struct {
	from, to time.Time
	total    int       // refused since from
	written  int       // of them in the record
	record   int64     // 0 when there is none yet
	opened   time.Time // when that record was begun
	last     time.Time // when it was last written
}

// gapInterval is the least time between two writings of one record.
const gapInterval = time.Second

// add counts one more. What comes later than repeatRecord after a record was begun
// gets another, so that one a minute is written in a long shortage.
func (g *gap) add(now time.Time) {
	if g.total == g.written && now.Sub(g.opened) >= repeatRecord {
		*g = gap{from: now}
	}
	g.total++
	g.to = now
}

// due is how long to wait before the record is written; false when it has all.
func (g *gap) due(now time.Time) (wait time.Duration, open bool) {
	return max(0, gapInterval-now.Sub(g.last)), g.total > g.written
}

// entry is what to write, with an id of next if it is a new record. It has the time
// of its first writing, as ids and times ascend together; the reason has the others.
func (g *gap) entry(now time.Time, next int64) entry {
	if g.record == 0 {
		g.record, g.opened = next, now
	}
	d := Decision{
		ID: g.record, Time: g.opened, Last: g.to, Count: g.total - g.written,
		Layer: LayerRecord, Protocol: LayerRecord, Verdict: VerdictDeny, Policy: "-", Code: CodeUnrecorded, Reason: g.reason(),
	}
	g.written, g.last = g.total, now
	return entry{Decision: d}
}

func (g *gap) reason() string {
	const layout = "2006-01-02T15:04:05.000Z"
	return fmt.Sprintf("decisions could not be recorded from %s to %s: %d refused without a record of their own",
		g.from.UTC().Format(layout), g.to.UTC().Format(layout), g.total)
}

// refusedLocked counts a request that is refused for want of a record.
func (l *DecisionLog) refusedLocked(now time.Time) {
	l.gap.add(now)
	l.armLocked(l.limits.delay)
}

// takeGapLocked adds the record of the gap to work if it should be written now.
func (l *DecisionLog) takeGapLocked(work *batch, last bool) {
	now := time.Now()
	wait, open := l.gap.due(now)
	switch {
	case !open || l.broken: // it could not be written, only queued over and over
	case wait > 0 && !last:
		l.armLocked(wait)
	default:
		work.entries = append(work.entries, l.gap.entry(now, l.next))
		l.next = max(l.next, l.gap.record+1)
	}
}
